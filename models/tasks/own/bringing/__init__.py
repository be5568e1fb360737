"""Before anything is measured: what a brought model is, which weight is which, and its plain training."""
