package viewer

import "context"

var ctx = context.Background()
