# Objectives for common servers, ready to use by name: slos: [vllm]
slosdir = $(pkgdatadir)/slos
dist_slos_DATA =
dist_slos_DATA += slos/agents.yaml
dist_slos_DATA += slos/bentoml.yaml
dist_slos_DATA += slos/gen-ai.yaml
dist_slos_DATA += slos/kserve.yaml
dist_slos_DATA += slos/litellm.yaml
dist_slos_DATA += slos/ray-serve.yaml
dist_slos_DATA += slos/tgi.yaml
dist_slos_DATA += slos/torchserve.yaml
dist_slos_DATA += slos/triton.yaml
dist_slos_DATA += slos/vllm.yaml
