//go:build linux

package nltest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// littleEndian skips a test whose bytes were recorded on a little-endian machine.
func littleEndian(t *testing.T) {
	t.Helper()
	if number([]byte{1, 0}, scope{}) != "1" {
		t.Skip("the bytes of this test are little-endian")
	}
}

// routeAdd is "route add 10.1.0.0/16 congctl cubic nexthop via 10.0.0.2 weight 3
// nexthop encap mpls 100 via inet6 fe80::2", with rubbish as padding, and
// without nlmsg_len.
const routeAdd = "0000000018000506ffffffffeeeeeeee" + "02100000fe03000100000000" +
	"080001000a010000" +
	"10000800" + "09001000" + "6375626963" + "aabbcc" + // congctl: 5 bytes
	"48000900" +
	"10000002" + "0a000000" + "080005000a000002" +
	"34000000" + "0c000000" + "0c001680" + "08000100" + "00064100" + "06001500" + "0100" + "ddee" +
	"16001200" + "0a00fe80" + "00000000000000000000" + "00000002" + "bbaa"

func TestDescribeAndNormalise(t *testing.T) {
	littleEndian(t)
	raw, err := hex.DecodeString(routeAdd)
	if err != nil {
		t.Fatal(err)
	}
	raw[0] = byte(len(raw))
	msgs := Split(append(raw, 0, 0, 0, 0, 0, 0, 0, 0)) // as ip does with dump requests
	if len(msgs) != 1 {
		t.Fatalf("want 1 message, got %d", len(msgs))
	}
	m := msgs[0].Normalise()
	want := `RTM_NEWROUTE flags=0x605 {inet dst_len=16 src_len=0 tos=0x0 table=254 protocol=3 scope=0 type=1 rtm_flags=0x0}
  RTA_DST 10.1.0.0
  RTA_METRICS
    RTAX_CC_ALGO "cubic"
  RTA_MULTIPATH
    hop flags=0x0 hops=2 ifindex=10
      RTA_GATEWAY 10.0.0.2
    hop flags=0x0 hops=0 ifindex=12
      RTA_ENCAP|NESTED
        MPLS_IPTUNNEL_DST 100(bottom)
      RTA_ENCAP_TYPE 1
      RTA_VIA inet6 fe80::2
`
	if got := m.String(); got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
	for _, rubbish := range []string{"ffffffff", "eeeeeeee", "aabbcc", "ddee", "bbaa"} {
		if strings.Contains(hex.EncodeToString(m), rubbish) {
			t.Errorf("%s is still there: %x", rubbish, []byte(m))
		}
	}
	if string(m.Normalise()) != string(m) {
		t.Error("normalising twice is not normalising once")
	}
}

// TestDecodeNeverPanics cuts a message short everywhere.
func TestDecodeNeverPanics(t *testing.T) {
	raw, err := hex.DecodeString(routeAdd)
	if err != nil {
		t.Fatal(err)
	}
	for n := sizeofNlmsghdr; n <= len(raw); n++ {
		short := append([]byte(nil), raw[:n]...)
		short[0] = byte(n)
		for _, typ := range []byte{24, 104, 118} {
			short[4] = typ
			for _, m := range Split(short) {
				_ = m.Normalise().String()
			}
		}
	}
}

func TestParseHex(t *testing.T) {
	littleEndian(t)
	message := "1800000068000506000000000000000002000000" + "00000000"
	msgs, err := ParseHex(message + "\n" + message + "\n")
	if err != nil || len(msgs) != 2 {
		t.Errorf("want 2 messages, got %d, %v", len(msgs), err)
	}
	for _, bad := range []string{"xyz", message + "00", message[:30]} {
		if _, err := ParseHex(bad); err == nil {
			t.Errorf("ParseHex(%q): want an error", bad)
		}
	}
}

// TestReadTrace reads what strace wrote for two threads: the second's message
// was sent first, and what went to standard output is not a message.
func TestReadTrace(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"trace.1": `1.000000 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3
1.300000 sendmsg(3, {msg_name=…}, 0) = 5
 * 4 bytes in buffer 0
 | 00000  01 02 03 04                                       ....             |
 * 1 bytes in buffer 1
 | 00000  05                                                .                |
1.400000 write(1, ""..., 3) = 3
 | 00000  78 79 7a                                          xyz              |
1.500000 +++ exited with 0 +++
`,
		"trace.2": `1.200000 sendto(3, ""..., 17, 0, NULL, 0) = 17
 | 00000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  ................ |
 | 00010  10                                                .                |
`,
	}
	var names []string
	for _, name := range []string{"trace.1", "trace.2"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	got, err := readTrace(names)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"000102030405060708090a0b0c0d0e0f10", "0102030405"}
	if len(got) != len(want) {
		t.Fatalf("want %d buffers, got %x", len(want), got)
	}
	for i := range want {
		if hex.EncodeToString(got[i]) != want[i] {
			t.Errorf("buffer %d: want %s, got %x", i, want[i], got[i])
		}
	}
}

func TestRun(t *testing.T) {
	env := []string{"PATH=" + os.Getenv("PATH")}
	res, err := Run(Command{Argv: []string{"sh", "-c", "cat; echo no >&2; exit 3"}, Env: env, Stdin: []byte("yes\n")})
	if want := (Result{Code: 3, Stdout: "yes\n", Stderr: "no\n"}); err != nil || res != want {
		t.Errorf("want %+v, got %+v, %v", want, res, err)
	}
	if res, err = Run(Command{Argv: []string{"sh", "-c", "kill -TERM $$"}, Env: env}); err != nil || res.Code != 128+int(unix.SIGTERM) {
		t.Errorf("a signal: got %+v, %v", res, err)
	}
	start := time.Now()
	if _, err = Run(Command{Argv: []string{"sh", "-c", "sleep 100 & wait"}, Env: env, Limit: 50 * time.Millisecond}); err == nil {
		t.Error("a program that takes too long: want an error")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("killing it took %v", took)
	}
	if _, err = Run(Command{Argv: []string{"/nonexistent"}}); err == nil {
		t.Error("a program that is not there: want an error")
	}
}
