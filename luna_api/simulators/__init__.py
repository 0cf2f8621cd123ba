"""Starting, stopping and watching the simulators of meters and markets."""
