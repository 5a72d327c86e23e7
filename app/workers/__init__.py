"""Workers, which train the jobs: leases, slices, and the supervisor of worker processes."""
