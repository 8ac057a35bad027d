package rt

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"nhctl/internal/nl/attr"
)

// lwtSpaces are the attribute spaces of encapsulations and of what is nested
// in them. A row of one without a line in lwtGoldens fails.
var lwtSpaces = []struct {
	space  Space
	recode func(run []byte) (any, []byte, error)
}{
	{MPLSEncapTable, lwtRecode(MPLSEncapTable)},
	{IPEncapTable, lwtRecode(IPEncapTable)},
	{IP6EncapTable, lwtRecode(IP6EncapTable)},
	{IPOptionsTable, lwtRecode(IPOptionsTable)},
	{GeneveTable, lwtRecode(GeneveTable)},
	{VXLANTable, lwtRecode(VXLANTable)},
	{ERSPANTable, lwtRecode(ERSPANTable)},
	{ILAEncapTable, lwtRecode(ILAEncapTable)},
	{BPFEncapTable, lwtRecode(BPFEncapTable)},
	{BPFProgTable, lwtRecode(BPFProgTable)},
	{Seg6BPFProgTable, lwtRecode(Seg6BPFProgTable)},
	{Seg6EncapTable, lwtRecode(Seg6EncapTable)},
	{Seg6LocalEncapTable, lwtRecode(Seg6LocalEncapTable)},
	{Seg6CountersTable, lwtRecode(Seg6CountersTable)},
	{Seg6FlavorsTable, lwtRecode(Seg6FlavorsTable)},
	{RPLEncapTable, lwtRecode(RPLEncapTable)},
	{IOAM6EncapTable, lwtRecode(IOAM6EncapTable)},
	{XfrmEncapTable, lwtRecode(XfrmEncapTable)},
}

func lwtRecode[T any](tab *attr.Table[T]) func([]byte) (any, []byte, error) {
	return func(run []byte) (any, []byte, error) {
		v := new(T)
		if err := tab.Decode(v, run, &attr.Ctx{}); err != nil {
			return nil, nil, err
		}
		return v, tab.Append(nil, v), nil
	}
}

// lwtGoldens: an attribute's name, its bytes on a little-endian machine as ip
// sends them, and what the tracer says of it. Lines of a name beyond
// the first show payloads of other shapes, among them broken ones, which are
// kept and traced in hex.
const lwtGoldens = `
MPLS_IPTUNNEL_DST 0c00010000064000000c8100 [{nla_len=12, nla_type=MPLS_IPTUNNEL_DST}, mpls_label("100/200")]
MPLS_IPTUNNEL_DST 0700010000064000 [{nla_len=7, nla_type=MPLS_IPTUNNEL_DST}, "\x00\x06\x40"]
MPLS_IPTUNNEL_TTL 0500020040000000 [{nla_len=5, nla_type=MPLS_IPTUNNEL_TTL}, 64]
MPLS_IPTUNNEL_TTL 0600020000400000 [{nla_len=6, nla_type=MPLS_IPTUNNEL_TTL}, "\x00\x40"]
LWTUNNEL_IP_ID 0c0001000000000000000064 [{nla_len=12, nla_type=LWTUNNEL_IP_ID}, htobe64(100)]
LWTUNNEL_IP_DST 080002000a000009 [{nla_len=8, nla_type=LWTUNNEL_IP_DST}, inet_addr("10.0.0.9")]
LWTUNNEL_IP_DST 04000200 {nla_len=4, nla_type=LWTUNNEL_IP_DST}
LWTUNNEL_IP_SRC 080003000a000001 [{nla_len=8, nla_type=LWTUNNEL_IP_SRC}, inet_addr("10.0.0.1")]
LWTUNNEL_IP_TTL 0500040040000000 [{nla_len=5, nla_type=LWTUNNEL_IP_TTL}, 64]
LWTUNNEL_IP_TOS 0500050010000000 [{nla_len=5, nla_type=LWTUNNEL_IP_TOS}, 16]
LWTUNNEL_IP_FLAGS 06000600000d0000 [{nla_len=6, nla_type=LWTUNNEL_IP_FLAGS}, TUNNEL_CSUM|TUNNEL_KEY|TUNNEL_SEQ]
LWTUNNEL_IP_FLAGS 0600060000000000 [{nla_len=6, nla_type=LWTUNNEL_IP_FLAGS}, 0]
LWTUNNEL_IP_PAD 04000700 {nla_len=4, nla_type=LWTUNNEL_IP_PAD}
LWTUNNEL_IP_OPTS 3c0008801c0001800600010000100000050002000200000008000300012345671c000180060001000003000005000200040000000800030089abcdef [{nla_len=60, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS}, [[{nla_len=28, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, [[{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(16)], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 2], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x01\x23\x45\x67"]]], [{nla_len=28, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, [[{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(3)], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 4], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x89\xab\xcd\xef"]]]]]
LWTUNNEL_IP_OPTS 100008800c00028008000100c8010000 [{nla_len=16, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS}, [{nla_len=12, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_VXLAN}, [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_VXLAN_GBP}, 456]]]
LWTUNNEL_IP6_ID 0c0001000000000000000007 [{nla_len=12, nla_type=LWTUNNEL_IP6_ID}, htobe64(7)]
LWTUNNEL_IP6_DST 1400020020010db800000000000000000000000a [{nla_len=20, nla_type=LWTUNNEL_IP6_DST}, inet_pton(AF_INET6, "2001:db8::a")]
LWTUNNEL_IP6_DST 080002000a000009 [{nla_len=8, nla_type=LWTUNNEL_IP6_DST}, "\x0a\x00\x00\x09"]
LWTUNNEL_IP6_SRC 1400030020010db800000000000000000000000a [{nla_len=20, nla_type=LWTUNNEL_IP6_SRC}, inet_pton(AF_INET6, "2001:db8::a")]
LWTUNNEL_IP6_HOPLIMIT 0500040009000000 [{nla_len=5, nla_type=LWTUNNEL_IP6_HOPLIMIT}, 9]
LWTUNNEL_IP6_TC 0500050020000000 [{nla_len=5, nla_type=LWTUNNEL_IP6_TC}, 32]
LWTUNNEL_IP6_FLAGS 0600060000040000 [{nla_len=6, nla_type=LWTUNNEL_IP6_FLAGS}, TUNNEL_KEY]
LWTUNNEL_IP6_PAD 04000700 {nla_len=4, nla_type=LWTUNNEL_IP6_PAD}
LWTUNNEL_IP6_OPTS 200008801c000380050001000200000005000300010000000500040009000000 [{nla_len=32, nla_type=NLA_F_NESTED|LWTUNNEL_IP6_OPTS}, [{nla_len=28, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_ERSPAN}, [[{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_VER}, 2], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_DIR}, 1], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_HWID}, 9]]]]
LWTUNNEL_IP_OPTS_GENEVE 1c000180060001000001000005000200020000000800030001234567 [{nla_len=28, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, [[{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(1)], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 2], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x01\x23\x45\x67"]]]
LWTUNNEL_IP_OPTS_GENEVE 34000180060001000001000005000200020000000800030001234567060001000003000005000200040000000800030089abcdef [{nla_len=52, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, [[{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(1)], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 2], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x01\x23\x45\x67"], [{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(3)], [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 4], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x89\xab\xcd\xef"]]]
LWTUNNEL_IP_OPTS_GENEVE 0c0001800500010001000000 [{nla_len=12, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, "\x01"]]
LWTUNNEL_IP_OPTS_GENEVE 0500018001000000 [{nla_len=5, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_GENEVE}, "\x01"]
LWTUNNEL_IP_OPTS_VXLAN 0c00028008000100c8010000 [{nla_len=12, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_VXLAN}, [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_VXLAN_GBP}, 456]]
LWTUNNEL_IP_OPTS_ERSPAN 1400038005000100010000000800020000000002 [{nla_len=20, nla_type=NLA_F_NESTED|LWTUNNEL_IP_OPTS_ERSPAN}, [[{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_VER}, 1], [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_ERSPAN_INDEX}, htonl(2)]]]
LWTUNNEL_IP_OPT_GENEVE_CLASS 0600010000100000 [{nla_len=6, nla_type=LWTUNNEL_IP_OPT_GENEVE_CLASS}, htons(16)]
LWTUNNEL_IP_OPT_GENEVE_TYPE 0500020002000000 [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_GENEVE_TYPE}, 2]
LWTUNNEL_IP_OPT_GENEVE_DATA 0800030001234567 [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_GENEVE_DATA}, "\x01\x23\x45\x67"]
LWTUNNEL_IP_OPT_VXLAN_GBP 08000100c8010000 [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_VXLAN_GBP}, 456]
LWTUNNEL_IP_OPT_ERSPAN_VER 0500010001000000 [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_VER}, 1]
LWTUNNEL_IP_OPT_ERSPAN_INDEX 0800020000000002 [{nla_len=8, nla_type=LWTUNNEL_IP_OPT_ERSPAN_INDEX}, htonl(2)]
LWTUNNEL_IP_OPT_ERSPAN_DIR 0500030001000000 [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_DIR}, 1]
LWTUNNEL_IP_OPT_ERSPAN_HWID 0500040009000000 [{nla_len=5, nla_type=LWTUNNEL_IP_OPT_ERSPAN_HWID}, 9]
ILA_ATTR_LOCATOR 0c00010020010db800010002 [{nla_len=12, nla_type=ILA_ATTR_LOCATOR}, htobe64(0x20010db800010002)]
ILA_ATTR_IDENTIFIER 0c0002000000000000000000 [{nla_len=12, nla_type=ILA_ATTR_IDENTIFIER}, "\x00\x00\x00\x00\x00\x00\x00\x00"]
ILA_ATTR_LOCATOR_MATCH 0c0003000000000000000000 [{nla_len=12, nla_type=ILA_ATTR_LOCATOR_MATCH}, "\x00\x00\x00\x00\x00\x00\x00\x00"]
ILA_ATTR_IFINDEX 0800040001000000 [{nla_len=8, nla_type=ILA_ATTR_IFINDEX}, "\x01\x00\x00\x00"]
ILA_ATTR_DIR 0800050001000000 [{nla_len=8, nla_type=ILA_ATTR_DIR}, "\x01\x00\x00\x00"]
ILA_ATTR_PAD 04000600 {nla_len=4, nla_type=ILA_ATTR_PAD}
ILA_ATTR_CSUM_MODE 0500070001000000 [{nla_len=5, nla_type=ILA_ATTR_CSUM_MODE}, ILA_CSUM_NEUTRAL_MAP]
ILA_ATTR_CSUM_MODE 0500070009000000 [{nla_len=5, nla_type=ILA_ATTR_CSUM_MODE}, 0x9 /* ILA_CSUM_??? */]
ILA_ATTR_IDENT_TYPE 0500080020000000 [{nla_len=5, nla_type=ILA_ATTR_IDENT_TYPE}, ILA_ATYPE_USE_FORMAT]
ILA_ATTR_HOOK_TYPE 0500090001000000 [{nla_len=5, nla_type=ILA_ATTR_HOOK_TYPE}, ILA_HOOK_ROUTE_INPUT]
LWT_BPF_PROG_FD 0800010005000000 [{nla_len=8, nla_type=LWT_BPF_PROG_FD}, 5]
LWT_BPF_PROG_NAME 0f000200662e6f3a5b70726f675d0000 [{nla_len=15, nla_type=LWT_BPF_PROG_NAME}, "f.o:[prog]"]
LWT_BPF_PROG_NAME 0800020061006200 [{nla_len=8, nla_type=LWT_BPF_PROG_NAME}, "\x61\x00\x62\x00"]
SEG6_LOCAL_BPF_PROG 0800010005000000 [{nla_len=8, nla_type=SEG6_LOCAL_BPF_PROG}, 5]
SEG6_LOCAL_BPF_PROG_NAME 0f000200662e6f3a5b70726f675d0000 [{nla_len=15, nla_type=SEG6_LOCAL_BPF_PROG_NAME}, "f.o:[prog]"]
LWT_BPF_IN 1c00018008000100050000000f000200662e6f3a5b70726f675d0000 [{nla_len=28, nla_type=NLA_F_NESTED|LWT_BPF_IN}, [[{nla_len=8, nla_type=LWT_BPF_PROG_FD}, 5], [{nla_len=15, nla_type=LWT_BPF_PROG_NAME}, "f.o:[prog]"]]]
LWT_BPF_OUT 1800028008000100050000000c000200662e6f3a5b6f5d00 [{nla_len=24, nla_type=NLA_F_NESTED|LWT_BPF_OUT}, [[{nla_len=8, nla_type=LWT_BPF_PROG_FD}, 5], [{nla_len=12, nla_type=LWT_BPF_PROG_NAME}, "f.o:[o]"]]]
LWT_BPF_XMIT 0c0003800800010005000000 [{nla_len=12, nla_type=NLA_F_NESTED|LWT_BPF_XMIT}, [{nla_len=8, nla_type=LWT_BPF_PROG_FD}, 5]]
LWT_BPF_XMIT_HEADROOM 080004000e000000 [{nla_len=8, nla_type=LWT_BPF_XMIT_HEADROOM}, 14]
SEG6_IPTUNNEL_SRH 3000010001000000000404010100000020010db800000000000000000000000020010db8000000000000000000000001 [{nla_len=48, nla_type=SEG6_IPTUNNEL_SRH}, {mode=SEG6_IPTUN_MODE_ENCAP, srh={nexthdr=0, hdrlen=4, type=4, segments_left=1, first_segment=1, flags=0, tag=0, segments=[inet_pton(AF_INET6, "2001:db8::"), inet_pton(AF_INET6, "2001:db8::1")]}}]
SEG6_IPTUNNEL_SRH 48000100ffffffff000704000008000020010db8000000000000000000000000052600000000002a0000000000000000000000000000000000000000000000000000000000000000 [{nla_len=72, nla_type=SEG6_IPTUNNEL_SRH}, {mode=0xffffffff /* SEG6_IPTUN_MODE_??? */, srh={nexthdr=0, hdrlen=7, type=4, segments_left=0, first_segment=0, flags=SR6_FLAG1_HMAC, tag=0, segments=[inet_pton(AF_INET6, "2001:db8::")], tlv={type=SR6_TLV_HMAC, len=38, reserved=0, hmackeyid=htonl(42), hmac="\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}}}]
SEG6_IPTUNNEL_SRH 2800010001000000000404010100000020010db800000000000000000000000020010db800000000 [{nla_len=40, nla_type=SEG6_IPTUNNEL_SRH}, "\x01\x00\x00\x00\x00\x04\x04\x01\x01\x00\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00"]
SEG6_IPTUNNEL_SRH 2000010000000000000204000900000000000000000000000000000000000000 [{nla_len=32, nla_type=SEG6_IPTUNNEL_SRH}, "\x00\x00\x00\x00\x00\x02\x04\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"]
SEG6_IPTUNNEL_SRH 2800010000000000000304000060000720010db800000000000000000000000a0401000000000000 [{nla_len=40, nla_type=SEG6_IPTUNNEL_SRH}, {mode=SEG6_IPTUN_MODE_INLINE, srh={nexthdr=0, hdrlen=3, type=4, segments_left=0, first_segment=0, flags=SR6_FLAG1_OAM|SR6_FLAG1_PROTECTED, tag=7, segments=[inet_pton(AF_INET6, "2001:db8::a")], tlvs="\x04\x01\x00\x00\x00\x00\x00\x00"}}]
SEG6_IPTUNNEL_SRC 1400020020010db800000000000000000000000a [{nla_len=20, nla_type=SEG6_IPTUNNEL_SRC}, inet_pton(AF_INET6, "2001:db8::a")]
SEG6_LOCAL_ACTION 080001000a000000 [{nla_len=8, nla_type=SEG6_LOCAL_ACTION}, SEG6_LOCAL_ACTION_END_B6_ENCAP]
SEG6_LOCAL_ACTION 0800010063000000 [{nla_len=8, nla_type=SEG6_LOCAL_ACTION}, 0x63 /* SEG6_LOCAL_ACTION_??? */]
SEG6_LOCAL_SRH 1c000200000204000000000020010db8000000000000000000000000 [{nla_len=28, nla_type=SEG6_LOCAL_SRH}, {nexthdr=0, hdrlen=2, type=4, segments_left=0, first_segment=0, flags=0, tag=0, segments=[inet_pton(AF_INET6, "2001:db8::")]}]
SEG6_LOCAL_SRH 0600020000010000 [{nla_len=6, nla_type=SEG6_LOCAL_SRH}, "\x00\x01"]
SEG6_LOCAL_TABLE 08000300fe000000 [{nla_len=8, nla_type=SEG6_LOCAL_TABLE}, RT_TABLE_MAIN]
SEG6_LOCAL_NH4 080004000a000002 [{nla_len=8, nla_type=SEG6_LOCAL_NH4}, inet_addr("10.0.0.2")]
SEG6_LOCAL_NH6 1400050020010db800000000000000000000000a [{nla_len=20, nla_type=SEG6_LOCAL_NH6}, inet_pton(AF_INET6, "2001:db8::a")]
SEG6_LOCAL_IIF 0800060007000000 [{nla_len=8, nla_type=SEG6_LOCAL_IIF}, 7]
SEG6_LOCAL_OIF 0800070007000000 [{nla_len=8, nla_type=SEG6_LOCAL_OIF}, 7]
SEG6_LOCAL_BPF 1c00088008000100050000000f000200662e6f3a5b70726f675d0000 [{nla_len=28, nla_type=NLA_F_NESTED|SEG6_LOCAL_BPF}, [[{nla_len=8, nla_type=SEG6_LOCAL_BPF_PROG}, 5], [{nla_len=15, nla_type=SEG6_LOCAL_BPF_PROG_NAME}, "f.o:[prog]"]]]
SEG6_LOCAL_VRFTABLE 0800090064000000 [{nla_len=8, nla_type=SEG6_LOCAL_VRFTABLE}, 0x64 /* RT_TABLE_??? */]
SEG6_LOCAL_COUNTERS 28000a800c00020001000000000000000c00030002000000000000000c0004000300000000000000 [{nla_len=40, nla_type=NLA_F_NESTED|SEG6_LOCAL_COUNTERS}, [[{nla_len=12, nla_type=SEG6_LOCAL_CNT_PACKETS}, 1], [{nla_len=12, nla_type=SEG6_LOCAL_CNT_BYTES}, 2], [{nla_len=12, nla_type=SEG6_LOCAL_CNT_ERRORS}, 3]]]
SEG6_LOCAL_FLAVORS 1c000b80080001001000000005000200200000000500030010000000 [{nla_len=28, nla_type=NLA_F_NESTED|SEG6_LOCAL_FLAVORS}, [[{nla_len=8, nla_type=SEG6_LOCAL_FLV_OPERATION}, 1<<SEG6_LOCAL_FLV_OP_NEXT_CSID], [{nla_len=5, nla_type=SEG6_LOCAL_FLV_LCBLOCK_BITS}, 32], [{nla_len=5, nla_type=SEG6_LOCAL_FLV_LCNODE_FN_BITS}, 16]]]
SEG6_LOCAL_CNT_PAD 04000100 {nla_len=4, nla_type=SEG6_LOCAL_CNT_PAD}
SEG6_LOCAL_CNT_PACKETS 0c0002000100000000000000 [{nla_len=12, nla_type=SEG6_LOCAL_CNT_PACKETS}, 1]
SEG6_LOCAL_CNT_BYTES 0c0003000000000000010000 [{nla_len=12, nla_type=SEG6_LOCAL_CNT_BYTES}, 1099511627776]
SEG6_LOCAL_CNT_ERRORS 0c0004000000000000000000 [{nla_len=12, nla_type=SEG6_LOCAL_CNT_ERRORS}, 0]
SEG6_LOCAL_FLV_OPERATION 0800010012000000 [{nla_len=8, nla_type=SEG6_LOCAL_FLV_OPERATION}, 1<<SEG6_LOCAL_FLV_OP_PSP|1<<SEG6_LOCAL_FLV_OP_NEXT_CSID]
SEG6_LOCAL_FLV_OPERATION 0800010000010000 [{nla_len=8, nla_type=SEG6_LOCAL_FLV_OPERATION}, 0x100 /* SEG6_LOCAL_FLV_OP_??? */]
SEG6_LOCAL_FLV_LCBLOCK_BITS 0500020020000000 [{nla_len=5, nla_type=SEG6_LOCAL_FLV_LCBLOCK_BITS}, 32]
SEG6_LOCAL_FLV_LCNODE_FN_BITS 0500030010000000 [{nla_len=5, nla_type=SEG6_LOCAL_FLV_LCNODE_FN_BITS}, 16]
RPL_IPTUNNEL_SRH 2c000100000403020000000020010db800000000000000000000000020010db8000000000000000000000001 [{nla_len=44, nla_type=RPL_IPTUNNEL_SRH}, {nexthdr=0, hdrlen=4, type=3, segments_left=2, cmpri=0, cmpre=0, pad=0, segments=[inet_pton(AF_INET6, "2001:db8::"), inet_pton(AF_INET6, "2001:db8::1")]}]
RPL_IPTUNNEL_SRH 2c000100000403021235000120010db800000000000000000000000020010db8000000000000000000000001 [{nla_len=44, nla_type=RPL_IPTUNNEL_SRH}, {nexthdr=0, hdrlen=4, type=3, segments_left=2, cmpri=1, cmpre=2, pad=3, reserved=0x50001, segments=[inet_pton(AF_INET6, "2001:db8::"), inet_pton(AF_INET6, "2001:db8::1")]}]
RPL_IPTUNNEL_SRH 1c000100000203020000000020010db800000000000000000000000a [{nla_len=28, nla_type=RPL_IPTUNNEL_SRH}, "\x00\x02\x03\x02\x00\x00\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0a"]
IOAM6_IPTUNNEL_MODE 0500010001000000 [{nla_len=5, nla_type=IOAM6_IPTUNNEL_MODE}, IOAM6_IPTUNNEL_MODE_INLINE]
IOAM6_IPTUNNEL_DST 1400020020010db800000000000000000000000a [{nla_len=20, nla_type=IOAM6_IPTUNNEL_DST}, inet_pton(AF_INET6, "2001:db8::a")]
IOAM6_IPTUNNEL_TRACE 0c0003000001000380000000 [{nla_len=12, nla_type=IOAM6_IPTUNNEL_TRACE}, {namespace_id=htons(1), nodelen=0, overflow=0, remlen=3, type=htonl(0x80000000)}]
IOAM6_IPTUNNEL_TRACE 0c0003000001258380000000 [{nla_len=12, nla_type=IOAM6_IPTUNNEL_TRACE}, {namespace_id=htons(1), nodelen=4, overflow=1, remlen=3, type=htonl(0x80000000), raw="\x00\x01\x25\x83\x80\x00\x00\x00"}]
IOAM6_IPTUNNEL_TRACE 0b0003000000000000000000 [{nla_len=11, nla_type=IOAM6_IPTUNNEL_TRACE}, "\x00\x00\x00\x00\x00\x00\x00"]
IOAM6_IPTUNNEL_FREQ_K 0800040001000000 [{nla_len=8, nla_type=IOAM6_IPTUNNEL_FREQ_K}, 1]
IOAM6_IPTUNNEL_FREQ_N 0800050064000000 [{nla_len=8, nla_type=IOAM6_IPTUNNEL_FREQ_N}, 100]
IOAM6_IPTUNNEL_SRC 1400060020010db800000000000000000000000a [{nla_len=20, nla_type=IOAM6_IPTUNNEL_SRC}, inet_pton(AF_INET6, "2001:db8::a")]
LWT_XFRM_IF_ID 0800010005000000 [{nla_len=8, nla_type=LWT_XFRM_IF_ID}, 5]
LWT_XFRM_LINK 080002000c000000 [{nla_len=8, nla_type=LWT_XFRM_LINK}, 12]
`

type lwtGolden struct{ name, hex, trace string }

func parseLWTGoldens(t testing.TB) []lwtGolden {
	t.Helper()
	var out []lwtGolden
	for line := range strings.Lines(lwtGoldens) {
		if f := strings.SplitN(strings.TrimSpace(line), " ", 3); len(f) == 3 {
			out = append(out, lwtGolden{f[0], f[1], f[2]})
		}
	}
	return out
}

func TestEncapGoldens(t *testing.T) {
	if ne.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are little-endian")
	}
	goldens := parseLWTGoldens(t)
	for _, s := range lwtSpaces {
		for _, spec := range s.space.Specs() {
			if spec.Doc == "" || spec.Name == "" {
				t.Errorf("row %d %s: no name or no sentence", spec.Type, spec.Name)
			}
			seen := false
			for _, g := range goldens {
				if g.name != spec.Name {
					continue
				}
				seen = true
				run, err := hex.DecodeString(g.hex)
				if err != nil {
					t.Fatalf("%s: %v", g.name, err)
				}
				if typ, _, rest, ok := attr.Next(run); !ok || len(rest) > 0 || typ&attr.TypeMask != spec.Type {
					t.Errorf("%s: %s is not one attribute of type %d", g.name, g.hex, spec.Type)
					continue
				}
				if got := string(s.space.Trace(nil, run, &attr.Ctx{})); got != g.trace {
					t.Errorf("%s: trace\n got %s\nwant %s", g.name, got, g.trace)
				}
				_, again, err := s.recode(run)
				if err != nil || !bytes.Equal(again, run) {
					t.Errorf("%s: decoded and encoded\n got %x, %v\nwant %x", g.name, again, err, run)
				}
			}
			if !seen {
				t.Errorf("%s: no golden; add a line to lwtGoldens", spec.Name)
			}
		}
	}
}

// TestEncapSpacesAreListed keeps lwtSpaces complete.
func TestEncapSpacesAreListed(t *testing.T) {
	for _, typ := range EncapTypes() {
		found := false
		for _, s := range lwtSpaces {
			found = found || s.space == EncapSpace(typ)
		}
		if !found {
			t.Errorf("encap %s: its table is not in lwtSpaces", EncapName(typ))
		}
		if back, ok := EncapType(EncapName(typ)); !ok || back != typ {
			t.Errorf("EncapType(%q) = %d, %v, want %d", EncapName(typ), back, ok, typ)
		}
	}
	for _, s := range lwtSpaces {
		for i, kind := range s.space.Kinds() {
			spec := s.space.Specs()[i]
			if (kind == "nest" || spec.Type == SpecGeneve.Type && spec.Name == SpecGeneve.Name) != spec.Nested {
				t.Errorf("%s: kind %s, nested %v", spec.Name, kind, spec.Nested)
			}
		}
	}
	for _, typ := range []uint16{0, uint16(len(encapsulations)), 0xffff} {
		if s := EncapSpace(typ); s != nil {
			t.Errorf("EncapSpace(%d) = %v, want nil", typ, s)
		}
		if n := EncapName(typ); n != "unknown" {
			t.Errorf("EncapName(%d) = %q, want unknown", typ, n)
		}
		if _, err := DecodeEncap(typ, nil); err == nil {
			t.Errorf("DecodeEncap(%d): no error", typ)
		}
	}
	if typ, ok := EncapType(""); ok {
		t.Errorf(`EncapType("") = %d`, typ)
	}
}

// TestGeneveShapes: a nest for each option as ip sends them, all options in
// one nest as the kernel answers, and what is neither.
func TestGeneveShapes(t *testing.T) {
	if ne.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens are little-endian")
	}
	opt := func(class uint16, typ uint8, data ...byte) GeneveOption {
		return GeneveOption{attr.Some(class), attr.Some(typ), attr.Some(data)}
	}
	const first, second = "0600010000100000" + "0500020002000000" + "0800030001234567", "0600010000030000" + "0500020004000000" + "0800030089abcdef"
	for _, c := range []struct {
		name, hex string
		want      IPOptions
	}{
		{"ip", "1c000180" + first + "1c000180" + second, IPOptions{Geneve: [][]GeneveOption{
			{opt(16, 2, 1, 0x23, 0x45, 0x67)}, {opt(3, 4, 0x89, 0xab, 0xcd, 0xef)},
		}}},
		{"kernel", "34000180" + first + second, IPOptions{Geneve: [][]GeneveOption{
			{opt(16, 2, 1, 0x23, 0x45, 0x67), opt(3, 4, 0x89, 0xab, 0xcd, 0xef)},
		}}},
		{"nothing in it", "04000180", IPOptions{Geneve: [][]GeneveOption{{}}}},
		{"parts", "14000180" + "0800030089abcdef" + "0600010000030000", IPOptions{Geneve: [][]GeneveOption{
			{{Data: attr.Some([]byte{0x89, 0xab, 0xcd, 0xef})}, {Class: attr.Some(uint16(3))}},
		}}},
		{"short class", "0c000180" + "0500010003000000", IPOptions{Unknown: []attr.Raw{{Type: 0x8001, Data: []byte{5, 0, 1, 0, 3, 0, 0, 0}}}}},
	} {
		run, _ := hex.DecodeString(c.hex)
		v, again, err := lwtRecode(IPOptionsTable)(run)
		if err != nil || !reflect.DeepEqual(*v.(*IPOptions), c.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", c.name, v, err, c.want)
		}
		if len(c.want.Unknown) == 0 && !bytes.Equal(again, run) || len(again) != len(run) {
			t.Errorf("%s: encoded\n got %x\nwant %x", c.name, again, run)
		}
	}
}

func TestRoutingHeaders(t *testing.T) {
	for n, ok := range map[int]bool{-1: false, 0: false, 1: true, 127: true, 128: false} {
		if _, err := NewSRH(n, 0); (err == nil) != ok {
			t.Errorf("NewSRH(%d, 0): %v", n, err)
		}
		if _, err := NewRPLHeader(n); (err == nil) != ok {
			t.Errorf("NewRPLHeader(%d): %v", n, err)
		}
	}
	if _, err := NewSRH(125, 1); err != nil {
		t.Error(err)
	}
	if _, err := NewSRH(126, 1); err == nil {
		t.Error("NewSRH(126, 1): no error")
	}
	h, err := NewSRH(2, 7)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := parseSRH(h)
	if !ok || got.Segments() != 2 {
		t.Errorf("parseSRH(%x) = %v, %v", h, got, ok)
	}
	if id, ok := got.HMACKeyID(); !ok || id != 7 {
		t.Errorf("HMACKeyID = %d, %v, want 7", id, ok)
	}
	for n := range len(h) {
		if _, ok := parseSRH(h[:n]); ok {
			t.Errorf("parseSRH takes %d bytes of %d", n, len(h))
		}
	}
	h[4] = 5 // more segments than there is room for
	if _, ok := parseSRH(h); ok {
		t.Error("parseSRH believes in 6 segments where 2 are")
	}
	tr := NewIOAM6Trace(0x900000, 5, 61)
	if tr.Type() != 0x900000 || tr.Namespace() != 5 || tr.Words() != 61 {
		t.Errorf("trace header %x", tr)
	}
}

// FuzzEncapDecode: any bytes below RTA_ENCAP can be decoded, traced, searched
// and printed back, and what is printed back decodes to the same.
func FuzzEncapDecode(f *testing.F) {
	for _, g := range parseLWTGoldens(f) {
		run, err := hex.DecodeString(g.hex)
		if err != nil {
			f.Fatal(err)
		}
		for _, typ := range EncapTypes() {
			if s, ok := EncapSpace(typ).ByType(ne.Uint16(run[2:])); ok && s.Name == g.name {
				f.Add(typ, run)
			}
		}
	}
	f.Fuzz(func(t *testing.T, typ uint16, run []byte) {
		c := &attr.Ctx{Encap: typ}
		encapKind.Trace(nil, run, c)
		for off := 0; off <= len(run); off += 1 + len(run)/64 {
			encapKind.Inside(run, off, c)
		}
		v, err := DecodeEncap(typ, run)
		if err != nil {
			return
		}
		once, err := AppendEncap(nil, typ, v)
		if err != nil {
			t.Fatal(err)
		}
		v2, err := DecodeEncap(typ, once)
		if err != nil {
			t.Fatalf("encoded %x: %v", once, err)
		}
		twice, err := AppendEncap(nil, typ, v2)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%x: encoded %x, then %x, %v", run, once, twice, err)
		}
		if !reflect.DeepEqual(v, v2) {
			t.Fatalf("%x: decoded %+v, then %+v", run, v, v2)
		}
		encapKind.Trace(nil, once, c)
	})
}
