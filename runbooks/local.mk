# Built-in runbooks, and the patterns by which a step is called destructive.
runbooksdir = $(pkgdatadir)/runbooks
dist_runbooks_DATA = runbooks/bad-model-artifact.md runbooks/bad-model-version.md runbooks/drift.md runbooks/slo-burn.md runbooks/destroy.patterns
