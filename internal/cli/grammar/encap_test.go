package grammar

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// encapEnv has two devices and iproute2's names without files.
func encapEnv() *Env {
	return &Env{
		Names: rt.NewNames("", "", false, nil),
		Device: func(name string) uint32 {
			switch name {
			case "eth0":
				return 10
			case "eth1":
				return 11
			}
			return 0
		},
	}
}

// encapGoldens: the words behind encap, the lightweight tunnel type, the
// index of the last word used (encap being word 0), and the payload of
// RTA_ENCAP that ip of iproute2 7.1 makes on a little-endian machine.
//
// They were recorded by calling iproute2's own lwt_parse_encap, and those
// that may be sent compared with `strace -e trace=sendmsg ip route add
// 10.1.0.0/16 encap …` in a network namespace of its own, padding zeroed.
// The geneve_opts, vxlan_opts and erspan_opts were never sent anywhere: they
// make kernel 6.18 panic.
var encapGoldens = []struct {
	words   string
	typ     uint16
	last    int
	payload string
}{
	{"mpls 100 dev eth0", 1, 2, "0800010000064100"},
	{"mpls 100/200 ttl 64 dev eth0", 1, 4, "0c00010000064000000c81000500020040000000"},
	{"mpls 0x10/010/16 via 10.0.0.2", 1, 2, "10000100000100000000800000010100"},
	{"mpls 100 ttl 0", 1, 4, "08000100000641000500020000000000"},
	{"ip id 100 dst 10.0.0.9 dev eth0", 2, 5, "0c0001000000000000000064080002000a000009"},
	{"ip id 0x100 src 10.0.0.1 dst 10.0.0.9 tos 0x10 ttl 64 key csum seq dev eth0", 2, 14, "0c0001000000000000000100080003000a000001080002000a0000090500050010000000050004004000000006000600000d0000"},
	{"ip seq dst 10.8 tos 0x28 id 18446744073709551615 csum dev eth0", 2, 9, "080002000a08000005000500280000000c000100ffffffffffffffff0600060000090000"},
	{"ip dst default src any dev eth0", 2, 5, "080002000000000004000300"},
	{"ip dev eth0", 2, 1, ""},
	{"ip id 0x100 dst 10.0.0.9 geneve_opts 1:2:0123 dev eth0", 2, 7, "0c0001000000000000000100080002000a000009200008801c000180060001000001000005000200020000000600030001230000"},
	{"ip id 100 dst 10.0.0.9 geneve_opts 0x10:2:01234567,3:4:89abcdef dev eth0", 2, 7, "0c0001000000000000000064080002000a0000093c0008801c0001800600010000100000050002000200000008000300012345671c000180060001000003000005000200040000000800030089abcdef"},
	{"ip id 100 dst 10.0.0.9 vxlan_opts 456 dev eth0", 2, 7, "0c0001000000000000000064080002000a000009100008800c00028008000100c8010000"},
	{"ip id 100 dst 10.0.0.9 erspan_opts 1:2:: dev eth0", 2, 7, "0c0001000000000000000064080002000a000009180008801400038005000100010000000800020000000002"},
	{"ip id 100 dst 10.0.0.9 erspan_opts 2::1:9 key dev eth0", 2, 8, "0c0001000000000000000064080002000a000009200008801c0003800500010002000000050003000100000005000400090000000600060000040000"},
	{"ip geneve_opts 1::,, dev eth0", 2, 3, "180008800c00018006000100000100000400018004000180"},
	{"ip geneve_opts 1:2:012 dev eth0", 2, 3, "200008801c000180060001000001000005000200020000000500030001000000"},
	{"ip6 id 7 dst 2001:db8::9 dev eth0", 4, 5, "0c00010000000000000000071400020020010db8000000000000000000000009"},
	{"ip6 id 7 src 2001:db8::1 dst 2001:db8::9 tc 0x20 hoplimit 9 key csum seq dev eth0", 4, 14, "0c00010000000000000000071400030020010db80000000000000000000000011400020020010db80000000000000000000000090500050020000000050004000900000006000600000d0000"},
	{"ip6 id 7 vxlan_opts 0x10 seq dev eth0", 4, 6, "0c0001000000000000000007100008800c00028008000100100000000600060000080000"},
	{"ila 2001:db8:1:2 dev eth0", 3, 2, "0c00010020010db800010002"},
	{"ila 2001:db8:0:2 csum-mode neutral-map ident-type use-format hook-type input dev eth0", 3, 8, "0c00010020010db800000002050007000100000005000800200000000500090001000000"},
	{"ila 1:2:3:4 csum-mode adj-transport csum-mode neutral-map-auto ident-type luid hook-type output csum-mode no-action dev eth0", 3, 12, "0c000100000100020003000405000700000000000500070003000000050008000100000005000900000000000500070002000000"},
	{"seg6 mode inline segs 2001:db8::a dev eth0", 5, 5, "300001000000000000040401010000000000000000000000000000000000000020010db800000000000000000000000a"},
	{"seg6 mode encap segs 2001:db8::a,2001:db8::b dev eth0", 5, 5, "3000010001000000000404010100000020010db800000000000000000000000b20010db800000000000000000000000a"},
	{"seg6 mode encap.red segs 2001:db8::a dev eth0", 5, 5, "2000010003000000000204000000000020010db800000000000000000000000a"},
	{"seg6 mode l2encap.red segs 2001:db8::a dev eth0", 5, 5, "2000010004000000000204000000000020010db800000000000000000000000a"},
	{"seg6 mode l2encap segs 2001:db8::a hmac 0x2a dev eth0", 5, 7, "4800010002000000000704000008000020010db800000000000000000000000a052600000000002a0000000000000000000000000000000000000000000000000000000000000000"},
	{"seg6 mode encap tunsrc 2001:db8::1 segs 2001:db8::a,2001:db8::b hmac 5 dev eth0", 5, 9, "5800010001000000000904010108000020010db800000000000000000000000b20010db800000000000000000000000a052600000000000500000000000000000000000000000000000000000000000000000000000000001400020020010db8000000000000000000000001"},
	{"seg6 hmac five mode encap segs 2001:db8::a dev eth0", 5, 7, "2000010001000000000204000000000020010db800000000000000000000000a"},
	{"seg6 mode encap segs 2001:db8::a,,any,default, dev eth0", 5, 5, "6000010001000000000a0404040000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020010db800000000000000000000000a"},
	{"seg6 dev eth0", 5, 1, "20000100ffffffff000204000000000000000000000000000000000000000000"},
	{"seg6 hmac 5 dev eth0", 5, 3, "48000100ffffffff00070400000800000000000000000000000000000000000005260000000000050000000000000000000000000000000000000000000000000000000000000000"},
	{"seg6local action End dev eth0", 7, 3, "0800010001000000"},
	{"seg6local action End count dev eth0", 7, 4, "080001000100000028000a800c00020000000000000000000c00030000000000000000000c0004000000000000000000"},
	{"seg6local action End.X nh6 fe80::2 oif eth0 dev eth0", 7, 7, "080001000200000014000500fe800000000000000000000000000002080007000a000000"},
	{"seg6local action End.T table 100 dev eth0", 7, 5, "08000100030000000800030064000000"},
	{"seg6local action End.DX2 oif eth1 dev eth0", 7, 5, "0800010004000000080007000b000000"},
	{"seg6local action End.DX6 nh6 2001:db8::2 dev eth0", 7, 5, "08000100050000001400050020010db8000000000000000000000002"},
	{"seg6local action End.DX4 nh4 10.0.0.2 dev eth0", 7, 5, "0800010006000000080004000a000002"},
	{"seg6local action End.DT6 table main dev eth0", 7, 5, "080001000700000008000300fe000000"},
	{"seg6local action End.DT4 vrftable 100 dev eth0", 7, 5, "08000100080000000800090064000000"},
	{"seg6local action End.DT46 vrftable 100 dev eth0", 7, 5, "08000100100000000800090064000000"},
	{"seg6local action End.B6 srh segs 2001:db8::a dev eth0", 7, 6, "08000100090000002c00020000040401010000000000000000000000000000000000000020010db800000000000000000000000a"},
	{"seg6local action End.B6.Encaps srh segs 2001:db8::a dev eth0", 7, 6, "080001000a0000001c000200000204000000000020010db800000000000000000000000a"},
	{"seg6local action End.B6.Encaps srh segs 2001:db8::a hmac 3 dev eth0", 7, 8, "080001000a00000044000200000704000008000020010db800000000000000000000000a05260000000000030000000000000000000000000000000000000000000000000000000000000000"},
	{"seg6local action End.B6 srh segs 2001:db8::a,2001:db8::b", 7, 5, "08000100090000003c00020000060402020000000000000000000000000000000000000020010db800000000000000000000000b20010db800000000000000000000000a"},
	{"seg6local action End.B6 srh segs 2001:db8::a hmac 3", 7, 8, "08000100090000005400020000090401010800000000000000000000000000000000000020010db800000000000000000000000a05260000000000030000000000000000000000000000000000000000000000000000000000000000"},
	{"seg6local action End.BM iif eth1 dev eth0", 7, 5, "080001000b000000080006000b000000"},
	{"seg6local action End.S table local dev eth0", 7, 5, "080001000c00000008000300ff000000"},
	{"seg6local action End.AS nh4 10.0.0.2 oif eth0 iif eth1 srh segs 2001:db8::a dev eth0", 7, 12, "080001000d000000080004000a000002080007000a000000080006000b0000002c00020000040401010000000000000000000000000000000000000020010db800000000000000000000000a"},
	{"seg6local action End.AM nh6 2001:db8::2 dev eth0", 7, 5, "080001000e0000001400050020010db8000000000000000000000002"},
	{"seg6local action End flavors psp dev eth0", 7, 5, "08000100010000000c000b800800010002000000"},
	{"seg6local action End flavors PSP,,usd,usp dev eth0", 7, 5, "08000100010000000c000b80080001000e000000"},
	{"seg6local action End flavors next-csid count dev eth0", 7, 6, "08000100010000000c000b80080001001000000028000a800c00020000000000000000000c00030000000000000000000c0004000000000000000000"},
	{"seg6local action End flavors next-csid lblen 48 nflen 16 dev eth0", 7, 9, "08000100010000001c000b80080001001000000005000200300000000500030010000000"},
	{"seg6local action End flavors next-csid,psp nflen 0x10 dev eth0", 7, 7, "080001000100000014000b8008000100120000000500030010000000"},
	{"seg6local action End flavors , dev eth0", 7, 5, "08000100010000000c000b800800010000000000"},
	{"rpl segs 2001:db8::a,2001:db8::b dev eth0", 8, 3, "2c000100000403020000000020010db800000000000000000000000b20010db800000000000000000000000a"},
	{"rpl segs ,2001:db8::a dev eth0", 8, 3, "2c00010000040302000000000000000000000000000000000000000020010db800000000000000000000000a"},
	{"rpl dev eth0", 8, 1, "1c000100000203010000000000000000000000000000000000000000"},
	{"ioam6 trace prealloc type 0x800000 ns 1 size 12 dev eth0", 9, 9, "0800040001000000080005000100000005000100010000000c0003000001000380000000"},
	{"ioam6 mode encap tundst 2001:db8::9 trace prealloc type 0x800000 ns 1 size 12 dev eth0", 9, 13, "0800040001000000080005000100000005000100020000001400020020010db80000000000000000000000090c0003000001000380000000"},
	{"ioam6 freq 1/100 mode auto tunsrc 2001:db8::1 tundst 2001:db8::9 trace prealloc size 244 ns 0 type 0x900000 dev eth0", 9, 17, "0800040001000000080005006400000005000100030000001400060020010db80000000000000000000000011400020020010db80000000000000000000000090c0003000000003d90000000"},
	{"ioam6 mode inline trace prealloc type 0x1800000 ns 65535 size 4", 9, 10, "0800040001000000080005000100000005000100010000000c000300ffff000180000000"},
	{"xfrm if_id 5", 10, 3, "0800010005000000"},
	{"xfrm if_id 0x10 link_dev eth1", 10, 5, "0800010010000000080002000b000000"},
	{"xfrm whatever dev eth0 if_id 5 via 10.0.0.2", 10, 8, "0800010005000000"},
	{"bpf headroom 14 dev eth0", 6, 3, "080004000e000000"},
	{"bpf headroom 14 headroom 15 dev eth0", 6, 5, "080004000e000000"},
	{"bpf dev eth0", 6, 1, ""},
}

// encapErrors: the words behind encap, and ip's exit code and text for them.
var encapErrors = []struct {
	words string
	exit  int
	text  string
}{
	{"", 255, "Command line is not complete. Try option \"help\"\n"},
	{"foo", 255, "Error: argument \"foo\" is wrong: \"encap type\" value is invalid\n\n"},
	{"foo bar", 255, "Error: argument \"foo\" is wrong: \"encap type\" value is invalid\n\n"},
	{"help", 255, "Usage: ip route ... encap TYPE [ OPTIONS ] [...]\nmpls TYPE := \nip       \nila       \nip6       \nseg6       \nbpf       \nseg6local       \nrpl       \nioam6       \nxfrm       \n"},
	{"mpls", 255, "Command line is not complete. Try option \"help\"\n"},
	{"mpls 100", 255, "Error: argument \"encap type\" is required\n"},
	{"mpls x dev eth0", 1, "Error: mpls address is expected rather than \"x\".\n"},
	{"mpls 1048576 dev eth0", 1, "Error: mpls address is expected rather than \"1048576\".\n"},
	{"mpls 100/ dev eth0", 1, "Error: mpls address is expected rather than \"100/\".\n"},
	{"mpls any dev eth0", 1, "Error: mpls address is expected rather than \"any\".\n"},
	{"mpls ::1 dev eth0", 1, "Error: mpls address is expected rather than \"::1\".\n"},
	{"mpls 1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1 dev eth0", 1, "Error: too many labels.\nError: mpls address is expected rather than \"1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1\".\n"},
	{"mpls 100 ttl", 255, "Command line is not complete. Try option \"help\"\n"},
	{"mpls 100 ttl 256", 255, "Error: argument \"256\" is wrong: \"ttl\" value is invalid\n\n"},
	{"mpls 100 ttl 1 ttl 2", 255, "Error: either \"ttl\" is duplicate, or \"2\" is garbage.\n"},
	{"ip id x dev eth0", 255, "Error: argument \"x\" is wrong: \"id\" value is invalid\n\n"},
	{"ip id 1 id 2", 255, "Error: either \"id\" is duplicate, or \"2\" is garbage.\n"},
	{"ip id 18446744073709551616 dev", 255, "Error: argument \"18446744073709551616\" is wrong: \"id\" value is invalid\n\n"},
	{"ip dst ::1 dev", 1, "Error: inet address is expected rather than \"::1\".\n"},
	{"ip src x dev", 1, "Error: inet address is expected rather than \"x\".\n"},
	{"ip tos 0x100 dev", 255, "Error: argument \"0x100\" is wrong: \"tos\" value is invalid\n\n"},
	{"ip ttl -1 dev", 255, "Error: argument \"-1\" is wrong: \"ttl\" value is invalid\n\n"},
	{"ip key key", 255, "Error: either \"key\" is duplicate, or \"key\" is garbage.\n"},
	{"ip geneve_opts 1:2:zz dev", 255, "Error: argument \"1\" is wrong: \"geneve_opts\" value is invalid\n\n"},
	{"ip geneve_opts 70000:2 dev", 255, "Error: argument \"70000\" is wrong: \"geneve_opts\" value is invalid\n\n"},
	{"ip geneve_opts 1,2:3:4:5 dev", 255, "Unknown \"geneve_opts\" type\nError: argument \"1\" is wrong: \"geneve_opts\" value is invalid\n\n"},
	{"ip geneve_opts :256: dev", 255, "Error: argument \"\" is wrong: \"geneve_opts\" value is invalid\n\n"},
	{"ip geneve_opts 1 vxlan_opts 2", 255, "Error: either \"opts\" is duplicate, or \"vxlan_opts\" is garbage.\n"},
	{"ip vxlan_opts 1:2 dev", 255, "Error: argument \"1:2\" is wrong: \"vxlan_opts\" value is invalid\n\n"},
	{"ip erspan_opts 1:2:3:4:5 dev", 255, "Unknown \"geneve_opts\" type\nError: argument \"1\" is wrong: \"erspan_opts\" value is invalid\n\n"},
	{"ip erspan_opts 1:x dev", 255, "Error: argument \"1\" is wrong: \"erspan_opts\" value is invalid\n\n"},
	{"ip erspan_opts x dev", 255, "Error: argument \"x\" is wrong: \"erspan_opts\" value is invalid\n\n"},
	{"ip6 tc zz dev", 255, "Error: argument \"zz\" is wrong: \"tc\" value is invalid\n\n"},
	{"ip6 hoplimit 256 dev", 255, "Error: argument \"256\" is wrong: \"hoplimit\" value is invalid\n\n"},
	{"ip6 dst 10.0.0.1 dev", 1, "Error: inet6 address is expected rather than \"10.0.0.1\".\n"},
	{"ila x dev", 1, "Bad locator: x\n"},
	{"ila 1:2:3:4:5 dev", 1, "Bad locator: 1:2:3:4:5\n"},
	{"ila 1:2:3:4 csum-mode foo", 255, "Error: argument \"foo\" is wrong: \"csum-mode\" value is invalid\n\n"},
	{"ila 1:2:3:4 ident-type iid", 255, "Error: argument \"iid\" is wrong: \"ident-type\" value is invalid\n\n"},
	{"ila 1:2:3:4 hook-type none", 255, "Error: argument \"none\" is wrong: \"hook-type\" value is invalid\n\n"},
	{"ila 1:2:3:4 hook-type", 255, "Command line is not complete. Try option \"help\"\n"},
	{"seg6 mode foo dev", 255, "Error: argument \"foo\" is wrong: \"mode\" value is invalid\n\n"},
	{"seg6 segs ::1 mode encap", 255, "Error: argument \"::1\" is wrong: \"segs\" provided before \"mode\"\n\n"},
	{"seg6 tunsrc ::1 mode encap", 255, "Error: argument \"::1\" is wrong: \"tunsrc\" provided before \"mode\"\n\n"},
	{"seg6 mode inline tunsrc ::1", 255, "Error: argument \"::1\" is wrong: \"tunsrc\" invalid with inline mode\n\n"},
	{"seg6 mode encap tunsrc any", 255, "Error: argument \"any\" is wrong: \"tunsrc\" value is invalid\n\n"},
	{"seg6 mode encap tunsrc 10.0.0.1", 1, "Error: inet6 address is expected rather than \"10.0.0.1\".\n"},
	{"seg6 mode encap tunsrc ::1 tunsrc ::2", 255, "Error: either \"tunsrc\" is duplicate, or \"::2\" is garbage.\n"},
	{"seg6 mode encap mode encap", 255, "Error: either \"mode\" is duplicate, or \"encap\" is garbage.\n"},
	{"seg6 mode encap segs ::1 segs ::2", 255, "Error: either \"segs\" is duplicate, or \"::2\" is garbage.\n"},
	{"seg6 mode encap segs ::1,10.0.0.1 dev eth0", 1, "Error: inet6 address is expected rather than \"10.0.0.1\".\n"},
	{"seg6 mode encap hmac 1 hmac 2", 255, "Error: either \"hmac\" is duplicate, or \"2\" is garbage.\n"},
	{"seg6local table main dev eth0", 255, "Missing action type\n"},
	{"seg6local action foo dev", 255, "Error: argument \"foo\" is wrong: \"action\" value is invalid\n\n"},
	{"seg6local action End action End", 255, "Error: either \"action\" is duplicate, or \"End\" is garbage.\n"},
	{"seg6local action End table foo", 255, "Error: argument \"foo\" is wrong: invalid table id\n\n"},
	{"seg6local action End vrftable foo", 255, "Error: argument \"foo\" is wrong: invalid vrf table id\n\n"},
	{"seg6local action End table 1 table 2", 255, "Error: either \"table\" is duplicate, or \"2\" is garbage.\n"},
	{"seg6local action End.X nh6 10.0.0.1", 1, "Error: inet6 address is expected rather than \"10.0.0.1\".\n"},
	{"seg6local action End.X nh4 ::1", 1, "Error: inet address is expected rather than \"::1\".\n"},
	{"seg6local action End.X oif nodev", 255, "Cannot find device \"nodev\"\n"},
	{"seg6local action End.X iif nodev", 255, "Cannot find device \"nodev\"\n"},
	{"seg6local action End count count", 255, "Error: either \"count\" is duplicate, or \"count\" is garbage.\n"},
	{"seg6local action End flavors foo", 255, "Error: argument \"foo\" is wrong: invalid \"flavors\" attribute\n\n"},
	{"seg6local action End flavors psp,psp", 255, "Error: argument \"psp,psp\" is wrong: invalid \"flavors\" attribute\n\n"},
	{"seg6local action End flavors psp flavors usp", 255, "Error: either \"flavors\" is duplicate, or \"usp\" is garbage.\n"},
	{"seg6local action End flavors next-csid lblen 256 dev", 255, "Error: argument \"256\" is wrong: \"locator-block length\" value is invalid\n\n"},
	{"seg6local action End flavors next-csid nflen x dev", 255, "Error: argument \"x\" is wrong: \"locator-node function length\" value is invalid\n\n"},
	{"seg6local action End srh hmac 5", 255, "Error: argument \"hmac\" is wrong: missing \"segs\" attribute for srh\n\n"},
	{"seg6local action End srh segs x dev", 1, "Error: inet6 address is expected rather than \"x\".\n"},
	{"seg6local action End srh segs ::1 srh segs ::2", 255, "Error: either \"srh\" is duplicate, or \"segs\" is garbage.\n"},
	{"seg6local action End srh segs ::1 hmac", 255, "Command line is not complete. Try option \"help\"\n"},
	{"rpl segs x dev", 1, "Error: inet6 address is expected rather than \"x\".\n"},
	{"rpl segs ::1 segs ::2", 255, "Error: either \"segs\" is duplicate, or \"::2\" is garbage.\n"},
	{"ioam6 freq 1 dev", 255, "Error: argument \"1\" is wrong: Invalid frequency (malformed)\n"},
	{"ioam6 freq 1/2/3 dev", 255, "Error: argument \"1/2/3\" is wrong: Invalid frequency (malformed)\n"},
	{"ioam6 freq 1234567/12345678 dev", 255, "Error: argument \"1234567/12345678\" is wrong: Invalid frequency (too long)\n"},
	{"ioam6 freq 0/1 trace", 255, "Error: argument \"0/1\" is wrong: Out of bound \"k\" frequency\n"},
	{"ioam6 freq 1/1000001 trace", 255, "Error: argument \"1/1000001\" is wrong: Out of bound \"n\" frequency\n"},
	{"ioam6 freq 2/1 trace", 255, "Error: argument \"2/1\" is wrong: Frequency with k > n is forbidden\n"},
	{"ioam6 freq 1/2", 255, "Command line is not complete. Try option \"help\"\n"},
	{"ioam6 mode foo trace", 255, "Error: argument \"foo\" is wrong: Invalid mode\n"},
	{"ioam6 tunsrc ::1 trace", 255, "Error: argument \"tunsrc\" is wrong: Inline mode does not need tunsrc\n"},
	{"ioam6 tundst ::1 trace", 255, "Error: argument \"tundst\" is wrong: Inline mode does not need tundst\n"},
	{"ioam6 mode encap trace", 255, "Error: argument \"tundst\" is required\n"},
	{"ioam6 mode encap tunsrc any x", 255, "Error: argument \"any\" is wrong: Invalid IPv6 address for tunsrc\n"},
	{"ioam6 mode encap tundst all x", 255, "Error: argument \"all\" is wrong: Invalid IPv6 address for tundst\n"},
	{"ioam6 prealloc x", 255, "Error: argument \"trace\" is required\n"},
	{"ioam6 trace x", 255, "Error: argument \"prealloc\" is required\n"},
	{"ioam6 trace prealloc", 255, "Error: argument \"type\" is required\n"},
	{"ioam6 trace prealloc type 0 ns", 255, "Error: argument \"0\" is wrong: Invalid trace type\n"},
	{"ioam6 trace prealloc type 1 type 2", 255, "Error: either \"type\" is duplicate, or \"2\" is garbage.\n"},
	{"ioam6 trace prealloc type 1 ns 1", 255, "Error: argument \"size\" is required\n"},
	{"ioam6 trace prealloc type 1 size 4", 255, "Error: argument \"ns\" is required\n"},
	{"ioam6 trace prealloc ns 1 size 4", 255, "Error: argument \"type\" is required\n"},
	{"ioam6 trace prealloc ns 65536", 255, "Error: argument \"65536\" is wrong: Invalid namespace ID\n"},
	{"ioam6 trace prealloc ns 1 ns 2", 255, "Error: either \"ns\" is duplicate, or \"2\" is garbage.\n"},
	{"ioam6 trace prealloc size 6", 255, "Error: argument \"6\" is wrong: Trace size must be a 4-octet multiple\n"},
	{"ioam6 trace prealloc size 248", 255, "Error: argument \"248\" is wrong: Trace size is too big\n"},
	{"ioam6 trace prealloc size 0", 255, "Error: argument \"0\" is wrong: Invalid trace size\n"},
	{"ioam6 trace prealloc size 4 size 4", 255, "Error: either \"size\" is duplicate, or \"4\" is garbage.\n"},
	{"xfrm link_dev eth0", 255, "Usage: ip route ... encap xfrm if_id IF_ID [ link_dev LINK ]\n"},
	{"xfrm if_id 0", 255, "Error: argument \"0\" is wrong: \"if_id\" value is invalid\n\n"},
	{"xfrm if_id 1 if_id 2", 255, "Error: either \"if_id\" is duplicate, or \"2\" is garbage.\n"},
	{"xfrm if_id 1 link_dev nodev", 255, "Cannot find device \"nodev\"\n"},
	{"xfrm if_id 1 link_dev", 255, "Command line is not complete. Try option \"help\"\n"},
	{"xfrm help x", 255, "Usage: ip route ... encap xfrm if_id IF_ID [ link_dev LINK ]\n"},
	{"bpf help x", 255, "Usage: ip route ... encap bpf [ in BPF ] [ out BPF ] [ xmit BPF ] [...]\nBPF := obj FILE [ section NAME ] [ verbose ]\n"},
	{"bpf headroom 0 dev", 255, "Error: argument \"0\" is wrong: headroom is invalid\n\n"},
	{"bpf headroom x dev", 255, "Error: argument \"x\" is wrong: headroom is invalid\n\n"},
	{"bpf in foo bar", 255, "What mode is \"foo\"?\nFailed to parse eBPF program: Operation not permitted\n"},
	{"bpf in obj", 255, "Command line is not complete. Try option \"help\"\n"},
}

func split(words string) []string {
	if words == "" {
		return []string{"encap"}
	}
	return append([]string{"encap"}, strings.Split(words, " ")...)
}

func TestEncap(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are little-endian")
	}
	seen := map[uint16]bool{}
	for _, g := range encapGoldens {
		seen[g.typ] = true
		p := &parser{env: encapEnv(), args: split(g.words)}
		typ, payload := p.encap()
		if p.err != nil {
			t.Errorf("encap %s: %v", g.words, p.err)
			continue
		}
		if got := hex.EncodeToString(payload); typ != g.typ || got != g.payload {
			t.Errorf("encap %s: type %d\n got %s\nwant %s, type %d", g.words, typ, got, g.payload, g.typ)
		}
		if p.i != g.last {
			t.Errorf("encap %s: left at word %d, want %d", g.words, p.i, g.last)
		}
	}
	for _, typ := range rt.EncapTypes() {
		if !seen[typ] {
			t.Errorf("encap %s: no golden", rt.EncapName(typ))
		}
	}
}

func TestEncapErrors(t *testing.T) {
	for _, c := range encapErrors {
		p := &parser{env: encapEnv(), args: split(c.words)}
		if _, _ = p.encap(); p.err == nil {
			t.Errorf("encap %s: no error, want %q", c.words, c.text)
			continue
		}
		if p.err.Text != c.text || p.err.Exit != c.exit {
			t.Errorf("encap %s:\n got %q, exit %d\nwant %q, exit %d", c.words, p.err.Text, p.err.Exit, c.text, c.exit)
		}
		if p.err.Arg < 1 || p.err.Arg > len(p.args) {
			t.Errorf("encap %s: the error is about word %d of %d", c.words, p.err.Arg, len(p.args))
		}
	}
}

// TestEncapBeyondIP is what ip crashes on, writes beyond its memory for, or
// sends damaged: refused with exit code 255.
func TestEncapBeyondIP(t *testing.T) {
	many := func(n int) string { return strings.Repeat(",", n-1) + "::1" }
	for _, c := range []struct{ words, text string }{
		{"seg6local action End flavors next-csid", "Command line is not complete. Try option \"help\"\n"},
		{"seg6local action End flavors next-csid lblen 32", "Command line is not complete. Try option \"help\"\n"},
		{"seg6 mode encap segs " + many(128) + " dev eth0", "Error: too many segments.\n"},
		{"seg6 mode inline segs " + many(127) + " dev eth0", "Error: too many segments.\n"},
		{"rpl segs " + many(128) + " dev eth0", "Error: too many segments.\n"},
		{"rpl segs " + many(63) + " dev eth0", "Error: \"encap rpl\" is too long: 1020 bytes, at most 1008 fit.\n"},
		{"ip geneve_opts 1:2:" + strings.Repeat("ab", 1000) + " dev eth0", "Error: \"encap ip\" is too long: 1028 bytes, at most 1008 fit.\n"},
	} {
		p := &parser{env: encapEnv(), args: split(c.words)}
		if _, _ = p.encap(); p.err == nil || p.err.Text != c.text || p.err.Exit != ExitUsage {
			t.Errorf("encap %.60s:\n got %+v\nwant %q, exit %d", c.words, p.err, c.text, ExitUsage)
		}
	}
	// In a nexthop block there is more room.
	p := &parser{env: encapEnv(), args: split("rpl segs " + many(127) + " dev eth0")}
	if _, payload := p.encapHop(); p.err != nil || len(payload) != 4+8+16*127 {
		t.Errorf("127 segments in a hop: %d bytes, %v", len(payload), p.err)
	}
}

func TestEncapBPF(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are little-endian")
	}
	type call struct {
		hook, file, section string
		verbose             bool
	}
	const in, x = "1c000180" + "0800010007000000" + "0f000200662e6f3a5b70726f675d0000", "1c000380" + "0800010007000000" + "0f000200662e6f3a5b70726f675d0000"
	for _, c := range []struct {
		words   string
		calls   []call
		last    int
		payload string
		text    string
	}{
		{"bpf in obj f.o dev eth0", []call{{"in", "f.o", "", false}}, 4, in, ""},
		{"bpf in obj f.o", []call{{"in", "f.o", "", false}}, 4, in, ""},
		{"bpf in object-f f.o sec s v xmit o f.o headroom 3 dev eth0", []call{{"in", "f.o", "s", true}, {"xmit", "f.o", "", false}}, 12, in + x + "0800040003000000", ""},
		{"bpf in pinned /sys/f.o section s dev eth0", []call{{"in", "/sys/f.o", PinnedSection, false}}, 6, in, ""},
		{
			"seg6local action End.BPF endpoint obj f.o section s dev eth0",
			[]call{{"seg6local", "f.o", "s", false}},
			8,
			"080001000f000000" + "1c000880" + "0800010007000000" + "0f000200662e6f3a5b70726f675d0000", "",
		},
		{"bpf in obj bad dev eth0", []call{{"in", "bad", "", false}}, 0, "", "Failed to parse eBPF program: no such thing\n"},
		{"bpf in obj f.o section", nil, 0, "", "Command line is not complete. Try option \"help\"\n"},
		{"bpf in obj f.o program p", nil, 0, "", "Error: \"program\" is not supported, name a section.\n"},
	} {
		var calls []call
		env := encapEnv()
		env.LoadBPF = func(hook, file, section string, verbose bool) (int, string, error) {
			calls = append(calls, call{hook, file, section, verbose})
			if file == "bad" {
				return -1, "", errors.New("no such thing")
			}
			return 7, "f.o:[prog]", nil
		}
		p := &parser{env: env, args: split(c.words)}
		_, payload := p.encap()
		if len(calls) != len(c.calls) {
			t.Errorf("encap %s: calls %v, want %v", c.words, calls, c.calls)
			continue
		}
		for i := range calls {
			if calls[i] != c.calls[i] {
				t.Errorf("encap %s: call %v, want %v", c.words, calls[i], c.calls[i])
			}
		}
		switch {
		case c.text != "":
			if p.err == nil || p.err.Text != c.text || p.err.Exit != ExitUsage {
				t.Errorf("encap %s:\n got %+v\nwant %q", c.words, p.err, c.text)
			}
		case p.err != nil:
			t.Errorf("encap %s: %v", c.words, p.err)
		case hex.EncodeToString(payload) != c.payload || p.i != c.last:
			t.Errorf("encap %s: left at %d\n got %x\nwant %s, %d", c.words, p.i, payload, c.payload, c.last)
		}
	}
	p := &parser{env: encapEnv(), args: split("bpf in obj f.o dev eth0")}
	if p.encap(); p.err == nil {
		t.Error("without a loader: no error")
	}
}

// TestEncapKeywords: every word of an attribute is a keyword of its type.
func TestEncapKeywords(t *testing.T) {
	for _, typ := range rt.EncapTypes() {
		have := map[string]bool{}
		for _, k := range EncapKeywords(typ) {
			have[k.Word] = true
			for _, w := range strings.Fields(k.Value) {
				have[w] = true
			}
		}
		for _, spec := range rt.EncapSpace(typ).Specs() {
			if spec.Word != "" && !have[spec.Word] {
				t.Errorf("encap %s: %s has the word %q, which is no keyword", rt.EncapName(typ), spec.Name, spec.Word)
			}
		}
	}
}

// FuzzEncap: whatever the words are, the parser ends, the words used are
// there, and the bytes are attributes that decode and can be traced.
func FuzzEncap(f *testing.F) {
	for _, g := range encapGoldens {
		f.Add(g.words)
	}
	for _, c := range encapErrors {
		f.Add(c.words)
	}
	f.Add("bpf in obj f section s verbose xmit pinned p headroom 3 dev eth0")
	env := encapEnv()
	env.LoadBPF = func(_, file, section string, _ bool) (int, string, error) { return 3, file + ":[" + section + "]", nil }
	f.Fuzz(func(t *testing.T, words string) {
		p := &parser{env: env, args: split(words)}
		typ, payload := p.encap()
		if p.err != nil {
			if p.err.Text == "" || p.err.Exit != ExitUsage && p.err.Exit != ExitAddress || p.err.Arg < 0 || p.err.Arg > len(p.args) {
				t.Fatalf("%q: %+v", words, p.err)
			}
			return
		}
		if p.i < 1 || p.i >= len(p.args) {
			t.Fatalf("%q: left at %d of %d", words, p.i, len(p.args))
		}
		if err := attr.Check(payload); err != nil {
			t.Fatalf("%q: %x: %v", words, payload, err)
		}
		v, err := rt.DecodeEncap(typ, payload)
		if err != nil {
			t.Fatalf("%q: %x: %v", words, payload, err)
		}
		once, err := rt.AppendEncap(nil, typ, v)
		if err != nil {
			t.Fatal(err)
		}
		v, err = rt.DecodeEncap(typ, once)
		if err != nil {
			t.Fatalf("%q: %x: %v", words, once, err)
		}
		if twice, err := rt.AppendEncap(nil, typ, v); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q: %x, then %x, %v", words, once, twice, err)
		}
		if len(payload) > 0 {
			rt.EncapSpace(typ).Trace(nil, payload, &attr.Ctx{})
		}
	})
}
