package out

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

var ne = binary.NativeEndian

// ErrnoName is the name of an errno as the kernel has it, ENETUNREACH; "" for
// one without a name.
func ErrnoName(e syscall.Errno) string {
	if e == unix.EOPNOTSUPP {
		return "EOPNOTSUPP" // the C library's ENOTSUP has the same number
	}
	return unix.ErrnoName(e)
}
