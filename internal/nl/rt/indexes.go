package rt

import (
	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// EachIfIndex gives the places of device indexes in the body of an
// RTM_NEWROUTE or RTM_NEWNEXTHOP message: its own, those of its hops, and those
// inside of encapsulations. f may change them in place.
func EachIfIndex(typ uint16, body []byte, f func(p []byte)) {
	switch {
	case typ == unix.RTM_NEWROUTE && len(body) >= RouteHeaderLen:
		routeIndexes(body[RouteHeaderLen:], f)
	case typ == unix.RTM_NEWNEXTHOP && len(body) >= NexthopHeaderLen:
		ifIndexes(body[NexthopHeaderLen:], unix.NHA_ENCAP, unix.NHA_ENCAP_TYPE, f, unix.NHA_OIF)
	}
}

func routeIndexes(run []byte, f func(p []byte)) {
	ifIndexes(run, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f, unix.RTA_IIF, unix.RTA_OIF)
	attr.Each(run, func(typ uint16, p []byte) {
		if typ == unix.RTA_MULTIPATH {
			EachHop(p, func(hop []byte) {
				f(hop[4:8])
				ifIndexes(hop[HopHeaderLen:], unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f)
			})
		}
	})
}

// EachHop gives the entries of RTA_MULTIPATH, struct rtnexthop with its
// attributes, which f may change in place. It ends at a broken one.
func EachHop(p []byte, f func(hop []byte)) {
	for len(p) >= HopHeaderLen {
		n := int(ne.Uint16(p))
		if n < HopHeaderLen || n > len(p) {
			return
		}
		f(p[:n])
		if n = attr.Align(n); n >= len(p) {
			return
		}
		p = p[n:]
	}
}

// ifIndexes gives the attributes of a run that are devices, and those inside its
// encapsulation.
func ifIndexes(run []byte, encap, encapType uint16, f func(p []byte), direct ...uint16) {
	var tunnel uint16
	attr.Each(run, func(typ uint16, p []byte) {
		if typ == encapType && len(p) == 2 {
			tunnel = ne.Uint16(p)
		}
	})
	var inside []uint16
	switch tunnel {
	case EncapSeg6Local:
		inside = []uint16{Seg6LocalIIF.Spec.Type, Seg6LocalOIF.Spec.Type}
	case EncapXfrm:
		inside = []uint16{XfrmLink.Spec.Type}
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
	attr.Each(run, pick(direct))
	if inside != nil {
		attr.Each(run, func(typ uint16, p []byte) {
			if typ == encap {
				attr.Each(p, pick(inside))
			}
		})
	}
}
