package corpus

// amcacheCase writes the tables that the inventory of programs fills.
func amcacheCase(m *Machine) {
	root := m.Hive(amcacheHive)
	for _, table := range []string{"InventoryApplication", "InventoryApplicationFile", "InventoryApplicationShortcut",
		"InventoryDriverBinary", "InventoryDevicePnp"} {
		root.Sub(`Root\` + table)
	}
}
