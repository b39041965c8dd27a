connectorsdir = $(pkgdatadir)/connectors
dist_connectors_DATA =
dist_connectors_DATA += connectors/alertmanager.yaml
dist_connectors_DATA += connectors/grafana.yaml
dist_connectors_DATA += connectors/pagerduty.yaml
dist_connectors_DATA += connectors/kserve.yaml
dist_connectors_DATA += connectors/databricks.yaml
dist_connectors_DATA += connectors/airflow.yaml
dist_connectors_DATA += connectors/bentoml.yaml
dist_connectors_DATA += connectors/feast.yaml
dist_connectors_DATA += connectors/http.yaml
dist_connectors_DATA += connectors/kubernetes.yaml
dist_connectors_DATA += connectors/harbor.yaml
dist_connectors_DATA += connectors/langfuse.yaml
dist_connectors_DATA += connectors/litellm.yaml
dist_connectors_DATA += connectors/mlflow.yaml
dist_connectors_DATA += connectors/unleash.yaml
dist_connectors_DATA += connectors/unity-catalog.yaml
dist_connectors_DATA += connectors/ray-serve.yaml
dist_connectors_DATA += connectors/prefect.yaml
dist_connectors_DATA += connectors/sagemaker.yaml
dist_connectors_DATA += connectors/oci.yaml
if LAB
dist_connectors_DATA += connectors/lab-pipelines.yaml
dist_connectors_DATA += connectors/lab-serving.yaml
else
EXTRA_DIST += connectors/lab-pipelines.yaml connectors/lab-serving.yaml
endif
