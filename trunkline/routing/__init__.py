"""Which deployments a call may use, in which order."""
