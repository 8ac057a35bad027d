package cli

import (
	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Attributes of tunnels that hold a device: SEG6_LOCAL_IIF, SEG6_LOCAL_OIF
// (include/uapi/linux/seg6_local.h) and LWT_XFRM_LINK (lwtunnel.h).
const (
	seg6LocalIIF = 6
	seg6LocalOIF = 7
	lwtXfrmLink  = 2
)

// eachIndex gives the places of device indexes in a route or nexthop message.
func eachIndex(typ uint16, body []byte, f func(p []byte)) {
	switch {
	case typ == unix.RTM_NEWROUTE && len(body) >= rt.RouteHeaderLen:
		routeIndexes(body[rt.RouteHeaderLen:], f)
	case typ == unix.RTM_NEWNEXTHOP && len(body) >= rt.NexthopHeaderLen:
		indexes(body[rt.NexthopHeaderLen:], unix.NHA_ENCAP, unix.NHA_ENCAP_TYPE, f, unix.NHA_OIF)
	}
}

func routeIndexes(run []byte, f func(p []byte)) {
	indexes(run, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f, unix.RTA_IIF, unix.RTA_OIF)
	eachAttr(run, func(typ uint16, p []byte) {
		if typ == unix.RTA_MULTIPATH {
			eachHop(p, func(hop []byte) {
				f(hop[4:8])
				indexes(hop[8:], unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f)
			})
		}
	})
}

func eachAttr(run []byte, f func(typ uint16, p []byte)) {
	for {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			return
		}
		f(typ&attr.TypeMask, p)
		run = rest
	}
}

// eachHop gives the struct rtnexthop entries of a list with their attributes.
func eachHop(p []byte, f func(hop []byte)) {
	for len(p) >= 8 {
		n := int(ne.Uint16(p))
		if n < 8 || n > len(p) {
			return
		}
		f(p[:n])
		if n = attr.Align(n); n >= len(p) {
			return
		}
		p = p[n:]
	}
}

// indexes gives the attributes of a run that are devices, and those inside its
// encapsulation.
func indexes(run []byte, encap, encapType uint16, f func(p []byte), direct ...uint16) {
	var tunnel uint16
	eachAttr(run, func(typ uint16, p []byte) {
		if typ == encapType && len(p) == 2 {
			tunnel = ne.Uint16(p)
		}
	})
	var inside []uint16
	switch tunnel {
	case rt.EncapSeg6Local:
		inside = []uint16{seg6LocalIIF, seg6LocalOIF}
	case rt.EncapXfrm:
		inside = []uint16{lwtXfrmLink}
	}
	pick := func(of []uint16) func(uint16, []byte) {
		return func(typ uint16, p []byte) {
			for _, t := range of {
				if t == typ && len(p) == 4 {
					f(p)
				}
			}
		}
	}
	eachAttr(run, pick(direct))
	if inside != nil {
		eachAttr(run, func(typ uint16, p []byte) {
			if typ == encap {
				eachAttr(p, pick(inside))
			}
		})
	}
}
