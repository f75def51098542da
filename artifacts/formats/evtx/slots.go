package evtx

// A slot is a field of System.
type slot uint8

const (
	slotProvider slot = iota
	slotGUID
	slotSource
	slotEventID
	slotQualifiers
	slotVersion
	slotLevel
	slotTask
	slotOpcode
	slotKeywords
	slotCreated
	slotRecordID
	slotActivity
	slotRelated
	slotProcess
	slotThread
	slotProcessor
	slotSession
	slotKernelTime
	slotUserTime
	slotProcessorTime
	slotChannel
	slotComputer
	slotUser
	numSlots
	noSlot = numSlots
)

// slotOf finds the slot of an element of System, or of its attribute.
func slotOf(field, attr string) slot {
	switch field {
	case "Provider":
		switch attr {
		case "Name":
			return slotProvider
		case "Guid":
			return slotGUID
		case "EventSourceName":
			return slotSource
		}
	case "EventID":
		switch attr {
		case "":
			return slotEventID
		case "Qualifiers":
			return slotQualifiers
		}
	case "TimeCreated":
		if attr == "SystemTime" {
			return slotCreated
		}
	case "Correlation":
		switch attr {
		case "ActivityID":
			return slotActivity
		case "RelatedActivityID":
			return slotRelated
		}
	case "Security":
		if attr == "UserID" {
			return slotUser
		}
	case "Execution":
		return executionSlot(attr)
	}
	if attr != "" {
		return noSlot
	}
	return contentSlot(field)
}

func executionSlot(attr string) slot {
	switch attr {
	case "ProcessID":
		return slotProcess
	case "ThreadID":
		return slotThread
	case "ProcessorID":
		return slotProcessor
	case "SessionID":
		return slotSession
	case "KernelTime":
		return slotKernelTime
	case "UserTime":
		return slotUserTime
	case "ProcessorTime":
		return slotProcessorTime
	}
	return noSlot
}

func contentSlot(field string) slot {
	switch field {
	case "Version":
		return slotVersion
	case "Level":
		return slotLevel
	case "Task":
		return slotTask
	case "Opcode":
		return slotOpcode
	case "Keywords":
		return slotKeywords
	case "EventRecordID":
		return slotRecordID
	case "Channel":
		return slotChannel
	case "Computer":
		return slotComputer
	}
	return noSlot
}
