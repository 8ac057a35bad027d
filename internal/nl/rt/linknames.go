package rt

import "nhctl/internal/nl/attr"

// otherLinkNames are the IFLA_* attributes that nhctl names in traces and
// carries along, but does not read (include/uapi/linux/if_link.h).
var otherLinkNames = map[uint16]string{
	1:  "IFLA_ADDRESS",
	2:  "IFLA_BROADCAST",
	6:  "IFLA_QDISC",
	7:  "IFLA_STATS",
	8:  "IFLA_COST",
	9:  "IFLA_PRIORITY",
	11: "IFLA_WIRELESS",
	12: "IFLA_PROTINFO",
	13: "IFLA_TXQLEN",
	14: "IFLA_MAP",
	15: "IFLA_WEIGHT",
	17: "IFLA_LINKMODE",
	19: "IFLA_NET_NS_PID",
	20: "IFLA_IFALIAS",
	21: "IFLA_NUM_VF",
	22: "IFLA_VFINFO_LIST",
	23: "IFLA_STATS64",
	24: "IFLA_VF_PORTS",
	25: "IFLA_PORT_SELF",
	26: "IFLA_AF_SPEC",
	28: "IFLA_NET_NS_FD",
	30: "IFLA_PROMISCUITY",
	31: "IFLA_NUM_TX_QUEUES",
	32: "IFLA_NUM_RX_QUEUES",
	34: "IFLA_PHYS_PORT_ID",
	35: "IFLA_CARRIER_CHANGES",
	36: "IFLA_PHYS_SWITCH_ID",
	38: "IFLA_PHYS_PORT_NAME",
	39: "IFLA_PROTO_DOWN",
	40: "IFLA_GSO_MAX_SEGS",
	41: "IFLA_GSO_MAX_SIZE",
	42: "IFLA_PAD",
	43: "IFLA_XDP",
	44: "IFLA_EVENT",
	45: "IFLA_NEW_NETNSID",
	46: "IFLA_IF_NETNSID",
	47: "IFLA_CARRIER_UP_COUNT",
	48: "IFLA_CARRIER_DOWN_COUNT",
	50: "IFLA_MIN_MTU",
	51: "IFLA_MAX_MTU",
	54: "IFLA_PERM_ADDRESS",
	55: "IFLA_PROTO_DOWN_REASON",
	56: "IFLA_PARENT_DEV_NAME",
	57: "IFLA_PARENT_DEV_BUS_NAME",
	58: "IFLA_GRO_MAX_SIZE",
	59: "IFLA_TSO_MAX_SIZE",
	60: "IFLA_TSO_MAX_SEGS",
	61: "IFLA_ALLMULTI",
	62: "IFLA_DEVLINK_PORT",
	63: "IFLA_GSO_IPV4_MAX_SIZE",
	64: "IFLA_GRO_IPV4_MAX_SIZE",
	65: "IFLA_DPLL_PIN",
	66: "IFLA_MAX_PACING_OFFLOAD_HORIZON",
	67: "IFLA_NETNS_IMMUTABLE",
	68: "IFLA_HEADROOM",
	69: "IFLA_TAILROOM",
}

func otherLinks() []attr.Rows[Link] {
	var out []attr.Rows[Link]
	for typ := range uint16(128) {
		if name, ok := otherLinkNames[typ]; ok {
			out = append(out, attr.Opaque[Link](spec(typ, name, "", "", "Named in traces, carried, not read.")))
		}
	}
	return out
}
