//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nhctl/internal/nl/nltest"
)

// isolate gives f the fixture of testdata/wire in a namespace of its own.
func (h harness) isolate(f func() error) error {
	return nltest.InNamespace(func() error {
		if err := h.wireFixture(); err != nil {
			return err
		}
		return f()
	})
}

// wireFixture makes the interfaces of testdata/wire in the calling thread's
// namespace. Sysctls that a namespace may inherit from the machine are set to
// the kernel's defaults first. IPv6 comes last, device by device in the order
// of the recordings: left alone it starts when the kernel notices a carrier,
// and the order of link-local routes would change from run to run.
func (h harness) wireFixture() error {
	for _, s := range []struct{ path, value string }{
		{"ipv4/conf/all/forwarding", "0"},
		{"ipv4/conf/all/rp_filter", "0"},
		{"ipv4/conf/default/rp_filter", "0"},
		{"ipv6/conf/all/disable_ipv6", "0"},
		{"ipv6/conf/default/accept_dad", "0"},
		{"ipv6/conf/default/disable_ipv6", "1"},
	} {
		if err := sysctl(s.path, s.value); err != nil {
			return err
		}
	}
	if err := sysctl("ipv6/conf/lo/disable_ipv6", "0"); err != nil {
		return err
	}
	if err := h.batch("testdata/wire/links.batch"); err != nil {
		return err
	}
	devices := []string{"veth1", "veth0", "veth3", "veth2"}
	if err := awaitRunning(true, devices...); err != nil {
		return err
	}
	for _, dev := range devices {
		if err := sysctl("ipv6/conf/"+dev+"/disable_ipv6", "0"); err != nil {
			return err
		}
	}
	if err := sysctl("ipv6/conf/default/disable_ipv6", "0"); err != nil {
		return err
	}
	if err := h.batch("testdata/wire/addresses.batch"); err != nil {
		return err
	}
	return awaitAddresses()
}

// fixturePeers are the other ends of the fixture's cables.
var fixturePeers = map[string]string{"veth0": "veth1", "veth1": "veth0", "veth2": "veth3", "veth3": "veth2"}

// topology makes the links and addresses of testdata/topology/NAME.batch in the
// calling thread's namespace.
func (h harness) topology(name string) error {
	for _, s := range []struct{ path, value string }{
		{"ipv6/conf/default/accept_dad", "0"},
		{"ipv6/conf/default/addr_gen_mode", "1"},
	} {
		if err := sysctl(s.path, s.value); err != nil {
			return err
		}
	}
	if err := h.batch(filepath.Join("testdata/topology", name+".batch")); err != nil {
		return err
	}
	if err := awaitRunning(true, "v0", "v1", "v2", "v3"); err != nil {
		return err
	}
	return awaitAddresses()
}

// batch runs a file of lines through the reference ip.
func (h harness) batch(file string) error {
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	res, err := h.run(nltest.Command{Argv: []string{h.ip, "-batch", "-"}, Env: baseEnv(), Stdin: lines})
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("ip -batch %s: %s", file, strings.TrimSpace(res.Stderr))
	}
	return err
}

// awaitRunning waits until the kernel has noticed that the devices have a
// carrier, or that they have none, and has told everyone inside it.
func awaitRunning(want bool, devices ...string) error {
	err := await(func() (bool, error) {
		links, err := net.Interfaces()
		return !slices.ContainsFunc(links, func(l net.Interface) bool {
			return slices.Contains(devices, l.Name) && want != (l.Flags&net.FlagRunning != 0)
		}), err
	})
	if err != nil {
		return fmt.Errorf("wait for the carrier of %s to be %t: %w", strings.Join(devices, ", "), want, err)
	}
	// Whoever tells the others holds the routing lock; this needs it too.
	return sysctl("ipv6/conf/lo/disable_ipv6", "0")
}

// awaitAddresses waits until the kernel has made the local route of each IPv6
// address, which it does some time after it has accepted the address.
func awaitAddresses() error {
	return await(func() (bool, error) {
		addresses, err := os.ReadFile("/proc/thread-self/net/if_inet6")
		if err != nil {
			return false, err
		}
		routes, err := os.ReadFile("/proc/thread-self/net/ipv6_route")
		if err != nil {
			return false, err
		}
		for line := range strings.Lines(string(addresses)) {
			address, _, _ := strings.Cut(line, " ")
			if !strings.Contains(string(routes), address+" 80 ") { // 0x80 bits
				return false, nil
			}
		}
		return true, nil
	})
}

// await asks until the answer is yes.
func await(done func() (bool, error)) error {
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if time.Since(start) > 10*time.Second {
			return errors.New("not within 10 s")
		}
	}
}

// sysctl sets a variable below net in the calling thread's network namespace.
func sysctl(name, value string) error {
	return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0)
}
