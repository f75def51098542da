package collect

import "syscall"

// quietly asks the system to leave the access time alone; it may refuse that for files of another user.
const quietly = syscall.O_NOATIME
