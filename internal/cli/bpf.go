package cli

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
)

// Programs of encap bpf and of the seg6local endpoint. They are loaded here
// rather than by a library: github.com/cilium/ebpf would cost every start of
// nhctl 0.2 to 0.3 ms and 2.4 MB. What it can do beyond this, maps and calls
// into other sections, is refused with a text that says so; a program that
// needs them can be loaded by other means, pinned, and named with pinned FILE.

// bpfHooks gives the program type for a hook of lightweight tunnels.
var bpfHooks = map[string]uint32{
	"in":        unix.BPF_PROG_TYPE_LWT_IN,
	"out":       unix.BPF_PROG_TYPE_LWT_OUT,
	"xmit":      unix.BPF_PROG_TYPE_LWT_XMIT,
	"seg6local": unix.BPF_PROG_TYPE_LWT_SEG6LOCAL,
}

// Sections of object files as iproute2 names them (include/bpf_elf.h).
const (
	bpfDefaultSection = "prog"
	bpfLicenseSection = "license"
)

const (
	bpfInsnSize = 8       // struct bpf_insn
	bpfMaxInsns = 1 << 20 // BPF_COMPLEXITY_LIMIT_INSNS is a million
	bpfLogSize  = 1 << 18
)

// loadBPF loads the program in a section of an object file for a hook (in,
// out, xmit or seg6local) and returns its descriptor, which stays open, and
// the name that ip gives it: file:[section]. The section is prog when none is
// named; for grammar.PinnedSection file is a program pinned in a BPF file
// system. The error of a program that the verifier refuses has its log;
// verbose asks for one also where the kernel said that it may not be loaded.
func loadBPF(hook, file, section string, verbose bool) (fd int, name string, err error) {
	typ, ok := bpfHooks[hook]
	if !ok {
		return -1, "", fmt.Errorf("no hook %q", hook)
	}
	if section == "" {
		section = bpfDefaultSection
	}
	name = fmt.Sprintf("%s:[%s]", filepath.Base(file), section)
	if len(name) > 255 { // the room that ip has for it
		name = name[:255]
	}
	if section == grammar.PinnedSection {
		fd, err = openPinnedBPF(file)
		if err != nil {
			err = fmt.Errorf("open pinned program %s: %w", file, err)
		}
		return fd, name, err
	}
	f, err := os.Open(file)
	if err != nil {
		return -1, "", err
	}
	defer f.Close()
	insns, license, err := readBPF(f, section)
	if err != nil {
		return -1, "", fmt.Errorf("%s: %w", file, err)
	}
	fd, err = loadBPFProg(typ, insns, license, verbose)
	if err != nil {
		return -1, "", fmt.Errorf("load %s: %w", name, err)
	}
	return fd, name, nil
}

// readBPF finds the instructions of a section and the license of the object.
func readBPF(r io.ReaderAt, section string) (insns []byte, license string, err error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, "", err
	}
	order := elf.ELFDATA2LSB
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		order = elf.ELFDATA2MSB
	}
	switch {
	case f.Class != elf.ELFCLASS64 || f.Type != elf.ET_REL || f.Machine != elf.EM_BPF && f.Machine != elf.EM_NONE:
		return nil, "", errors.New("not an object file with BPF programs")
	case f.Data != order:
		return nil, "", errors.New("compiled for the other byte order")
	}
	at := -1
	for i, s := range f.Sections {
		switch {
		case s.Name == section && s.Type == elf.SHT_PROGBITS:
			at = i
		case s.Name == bpfLicenseSection && s.Type == elf.SHT_PROGBITS && s.Size <= 1<<10:
			b, err := s.Data()
			if err != nil {
				return nil, "", err
			}
			b, _, _ = bytes.Cut(b, []byte{0})
			license = string(b)
		}
	}
	if at < 0 {
		return nil, "", fmt.Errorf("no section %q with a program%s", section, bpfSections(f))
	}
	for _, s := range f.Sections {
		if (s.Type == elf.SHT_REL || s.Type == elf.SHT_RELA) && int(s.Info) == at && s.Size > 0 {
			return nil, "", fmt.Errorf("section %q uses maps, variables or functions of other sections, which nhctl cannot load; load and pin the program by other means and use \"pinned FILE\"", section)
		}
	}
	s := f.Sections[at]
	if s.Size == 0 || s.Size%bpfInsnSize != 0 || s.Size > bpfMaxInsns*bpfInsnSize {
		return nil, "", fmt.Errorf("section %q has %d bytes, which is no program", section, s.Size)
	}
	if insns, err = s.Data(); err != nil {
		return nil, "", err
	}
	return insns, license, nil
}

// bpfSections lists the sections that hold code, for the error about one that
// does not exist.
func bpfSections(f *elf.File) string {
	var names []string
	for _, s := range f.Sections {
		if s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0 {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", only in " + strings.Join(names, ", ")
}

// bpfLoadAttr is the part of union bpf_attr for BPF_PROG_LOAD that kernels
// know since 4.15.
type bpfLoadAttr struct {
	progType, insnCnt uint32
	insns, license    uint64
	logLevel, logSize uint32
	logBuf            uint64
	kernVersion       uint32
	progFlags         uint32
	progName          [16]byte
}

// loadBPFProg hands the instructions to the kernel; when it refuses them it
// does so once more with a log.
func loadBPFProg(typ uint32, insns []byte, license string, verbose bool) (int, error) {
	lic := append([]byte(license), 0)
	a := bpfLoadAttr{
		progType: typ, insnCnt: uint32(len(insns) / bpfInsnSize),
		insns: address(insns), license: address(lic),
	}
	fd, err := bpfCall(unix.BPF_PROG_LOAD, unsafe.Pointer(&a), unsafe.Sizeof(a))
	if err != nil && (verbose || !errors.Is(err, unix.EPERM)) {
		log := make([]byte, bpfLogSize)
		a.logLevel, a.logSize, a.logBuf = 1, uint32(len(log)), address(log)
		var again error
		if fd, again = bpfCall(unix.BPF_PROG_LOAD, unsafe.Pointer(&a), unsafe.Sizeof(a)); again == nil {
			err = nil
		} else if log, _, _ = bytes.Cut(log, []byte{0}); len(log) > 0 {
			err = fmt.Errorf("%w\n%s", err, bytes.TrimRight(log, "\n"))
		}
		runtime.KeepAlive(log)
	}
	runtime.KeepAlive(insns)
	runtime.KeepAlive(lic)
	return fd, err
}

func openPinnedBPF(file string) (int, error) {
	path := append([]byte(file), 0)
	a := struct {
		pathname        uint64
		bpfFD, fileFlag uint32
	}{pathname: address(path)}
	fd, err := bpfCall(unix.BPF_OBJ_GET, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(path)
	return fd, err
}

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

func bpfCall(cmd uintptr, a unsafe.Pointer, size uintptr) (int, error) {
	for try := 0; ; try++ {
		fd, _, errno := unix.Syscall(unix.SYS_BPF, cmd, uintptr(a), size)
		switch {
		case errno == 0:
			return int(fd), nil
		case errno == unix.EAGAIN && try < 5: // a signal interrupted the verifier
		default:
			return -1, errno
		}
	}
}
