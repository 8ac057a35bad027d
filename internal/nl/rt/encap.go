package rt

import "nhctl/internal/nl/attr"

// encapKind is the payload of RTA_ENCAP and NHA_ENCAP, which only the type
// beside it (Ctx.Encap) gives a meaning.
var encapKind = attr.Kind[[]byte]{
	Name:   "encap",
	Decode: func(p []byte, _ *attr.Ctx) ([]byte, bool) { return p, true },
	Append: func(b, v []byte) []byte { return append(b, v...) },
	Trace: func(b, p []byte, c *attr.Ctx) []byte {
		if s := EncapSpace(c.Encap); s != nil && len(p) >= attr.HeaderLen {
			return s.Trace(b, p, c)
		}
		return attr.AppendHex(b, p)
	},
	Inside: func(p []byte, off int, c *attr.Ctx) []attr.Location {
		if s := EncapSpace(c.Encap); s != nil {
			return s.At(p, off, c)
		}
		return nil
	},
}
