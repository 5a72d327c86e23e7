"""Pictures of maps: colours, planes and matrices as images, and annotated figures."""
