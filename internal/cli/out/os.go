package out

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

var ne = binary.NativeEndian

func errnoName(v int32) string {
	if v <= 0 {
		return ""
	}
	return unix.ErrnoName(syscall.Errno(v))
}
