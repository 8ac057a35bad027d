package nltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// IsolateThread moves the calling goroutine into a network and a mount
// namespace of its own. The goroutine stays locked to its thread for ever, so
// the thread, and the namespaces with it, end when the goroutine does; programs
// started from it inherit both.
func IsolateThread() error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare network and mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return nil
}

// InNamespace calls f on a thread that has namespaces of its own and waits for
// it. The namespaces end with the call, unless a program that f started lives on.
func InNamespace(f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := IsolateThread()
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// ErrStuck says that a namespace could not be made within the time allowed: the
// kernel's routing lock is held by a task that will never give it back.
var ErrStuck = errors.New("the kernel does not answer: its routing lock (RTNL) is stuck; only a reboot helps")

// ErrForbidden says that this process may not make a network namespace.
var ErrForbidden = errors.New("not permitted to make a network namespace")

// roleVar names the environment variable by which a test binary that starts
// itself again tells the copy what to be.
const roleVar = "NLTEST_ROLE"

const (
	roleProbe = "probe" // try a namespace, report, exit
	roleInner = "inner" // the tests, as root of a user namespace
)

const exitForbidden = 77

// Enter is called first thing in TestMain. It returns when this process can
// make network namespaces; otherwise it runs the whole test binary again as
// root of a user namespace and exits with its code, or exits with a message
// that says what is wrong. It never hangs: the kernel is asked by a child
// process that nobody waits for longer than five seconds.
func Enter() {
	if os.Getenv(roleVar) == roleProbe {
		os.Exit(probeChild())
	}
	switch err := probe(5 * time.Second); {
	case err == nil:
	case errors.Is(err, ErrForbidden) && os.Getenv(roleVar) != roleInner:
		os.Exit(rerunInUserNamespace())
	default:
		fmt.Fprintln(os.Stderr, "nltest:", err)
		os.Exit(1)
	}
}

// probe asks a copy of this binary to make a namespace and to list its links.
func probe(limit time.Duration) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+roleProbe)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the namespace probe: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == exitForbidden {
			return ErrForbidden
		}
		return err
	case <-time.After(limit):
		return ErrStuck
	}
}

// probeChild makes a namespace, lists its links and returns an exit code.
func probeChild() int {
	if err := IsolateThread(); err != nil {
		if errors.Is(err, syscall.EPERM) {
			return exitForbidden
		}
		fmt.Fprintln(os.Stderr, "nltest:", err)
		return 1
	}
	if _, err := net.Interfaces(); err != nil {
		fmt.Fprintln(os.Stderr, "nltest: list links in a new namespace:", err)
		return 1
	}
	return 0
}

// rerunInUserNamespace runs this test binary with the same arguments as root of
// a new user namespace. A running Go program cannot enter one itself: the
// kernel allows that to single-threaded processes only.
func rerunInUserNamespace() int {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), roleVar+"="+roleInner)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	// Pdeathsig fires when the thread that forked ends, not the process.
	runtime.LockOSThread()
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "nltest: no network namespaces for this user and no user namespaces either:", err)
		return 1
	}
}

// IsMachineRoot reports whether this process is root of the machine, not only
// of a user namespace.
func IsMachineRoot() (bool, error) {
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false, err
	}
	var inside, outside, count uint32
	_, err = fmt.Sscan(string(ids), &inside, &outside, &count)
	return os.Geteuid() == 0 && inside == 0 && outside == 0 && count > 1, err
}

// AwaitListener waits until a socket of this thread's network namespace has
// joined a NETLINK_ROUTE group: from then on nothing that happens is missed by
// the program that opened it.
func AwaitListener(ctx context.Context) error {
	for {
		listening, err := hasListener("/proc/thread-self/net/netlink")
		if listening || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no socket listens to NETLINK_ROUTE groups: %w", ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// hasListener reads the kernel's table of netlink sockets: address, protocol,
// port id, groups in hex, and more.
func hasListener(path string) (bool, error) {
	table, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 3 && f[1] == "0" && f[2] != "0" && strings.Trim(f[3], "0") != "" {
			return true, nil
		}
	}
	return false, nil
}
