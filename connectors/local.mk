connectorsdir = $(pkgdatadir)/connectors
dist_connectors_DATA =
dist_connectors_DATA += connectors/langfuse.yaml
dist_connectors_DATA += connectors/mlflow.yaml
