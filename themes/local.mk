themesdir = $(pkgdatadir)/themes
dist_themes_DATA =
dist_themes_DATA += themes/colourblind.yaml
dist_themes_DATA += themes/dark.yaml
dist_themes_DATA += themes/light.yaml
dist_themes_DATA += themes/terminal16.yaml
