package story

import "time"

// DefaultGap is the longest quiet stretch inside an incident window.
const DefaultGap = 30 * time.Minute
