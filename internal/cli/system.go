package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/out"
)

// version prints what the build information says of this binary.
func (a *app) version() int {
	v, rev, dirty := "(devel)", "", ""
	bi, ok := debug.ReadBuildInfo()
	if ok {
		if bi.Main.Version != "" {
			v = bi.Main.Version
		}
		for _, s := range bi.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				rev = s.Value[:12]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = ", modified"
			}
		}
	}
	fmt.Fprintf(a.env.Out, "nhctl %s", v)
	if rev != "" {
		fmt.Fprintf(a.env.Out, " (%s%s)", rev, dirty)
	}
	fmt.Fprintf(a.env.Out, ", grammar of iproute2-7.1.0, %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// netnsDir is where ip netns keeps its names.
const netnsDir = "/var/run/netns"

// switchNetns moves this thread, which the caller has locked by being the
// main one, into a named network namespace, and with it into a mount
// namespace where /sys and the files of /etc/netns/NAME are the namespace's
// (ip-netns(8)). The error's text is ip's; files that cannot be mounted are
// told to warn, as ip does.
func switchNetns(name string, warn io.Writer) error {
	runtime.LockOSThread() // never unlocked: the process stays there
	f, err := os.Open(netnsDir + "/" + name)
	if err != nil {
		return ipError(fmt.Sprintf("Cannot open network namespace \"%s\": %s", out.AppendSafe(nil, name), cause(err)))
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("setting the network namespace \"%s\" failed: %s", out.AppendSafe(nil, name), cause(err))
	}
	// A thread of a threaded process must first have its own file system
	// attributes.
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare failed: %s", cause(err))
	}
	if err := unix.Mount("", "/", "none", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("\"mount --make-rslave /\" failed: %s", cause(err))
	}
	var flags uintptr
	if unix.Unmount("/sys", unix.MNT_DETACH) != nil {
		var st unix.Statfs_t
		if unix.Statfs("/sys", &st) == nil && st.Flags&unix.ST_RDONLY != 0 {
			flags = unix.MS_RDONLY
		}
	}
	if err := unix.Mount(name, "/sys", "sysfs", flags, ""); err != nil {
		return fmt.Errorf("mount of /sys failed: %s", cause(err))
	}
	dir := "/etc/netns/" + name // not a pattern: names may hold *
	files, _ := os.ReadDir(dir)
	for _, e := range files {
		f := filepath.Join(dir, e.Name())
		to := "/etc/" + filepath.Base(f)
		if err := unix.Mount(f, to, "none", unix.MS_BIND, ""); err != nil {
			fmt.Fprintf(warn, "Bind %s -> %s failed: %s\n", out.AppendSafe(nil, f), out.AppendSafe(nil, to), cause(err))
		}
	}
	return nil
}

// An ipError is a complaint in ip's words.
type ipError string

func (e ipError) Error() string { return string(e) }

func cause(err error) string {
	if e, ok := err.(*os.PathError); ok {
		err = e.Err
	}
	if e, ok := err.(syscall.Errno); ok {
		return strerror(e)
	}
	return err.Error()
}

// ipProto finds a protocol of /etc/protocols by name or alias.
func ipProto(name string) (int, bool) {
	f, err := os.Open("/etc/protocols")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), "#")
		w := strings.Fields(line)
		if len(w) < 2 {
			continue
		}
		for i, n := range w {
			if i != 1 && n == name {
				v, err := strconv.Atoi(w[1])
				return v, err == nil
			}
		}
	}
	return 0, false
}

// resolver finds host names of addresses, each once.
type resolver struct{ seen map[string]string }

func newResolver() *resolver { return &resolver{map[string]string{}} }

// resolveWait bounds one look-up.
const resolveWait = 5 * time.Second

func (r *resolver) name(family uint8, addr []byte) (string, bool) {
	a, ok := netip.AddrFromSlice(addr)
	if !ok || family != unix.AF_INET && family != unix.AF_INET6 {
		return "", false
	}
	s := a.Unmap().String()
	n, ok := r.seen[s]
	if !ok {
		ctx, cancel := context.WithTimeout(context.Background(), resolveWait)
		defer cancel()
		if names, err := net.DefaultResolver.LookupAddr(ctx, s); err == nil && len(names) > 0 {
			n = strings.TrimSuffix(names[0], ".")
		}
		r.seen[s] = n
	}
	return n, n != ""
}
