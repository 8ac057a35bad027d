package grammar

import "encoding/binary"

var ne = binary.NativeEndian

// The readers below take the current word and fail with msg, which ip prints
// behind `argument "WORD" is wrong:`.

func (p *parser) dsfield(msg string) uint8 {
	return named(p, msg, "traffic class", p.env.Names.ParseDSField, p.env.Names.DSFieldNames)
}

func (p *parser) scope(msg string) uint8 {
	return named(p, msg, "scope", p.env.Names.ParseScope, p.env.Names.ScopeNames)
}

func (p *parser) proto(msg string) uint8 {
	return named(p, msg, "protocol", p.env.Names.ParseProto, p.env.Names.ProtoNames)
}

func (p *parser) table(msg string) uint32 {
	return named(p, msg, "table", p.env.Names.ParseTable, p.env.Names.TableNames)
}

func (p *parser) realms(msg string) uint32 {
	return named(p, msg, "realm", func(s string) (uint32, bool) {
		return parseRealms(s, p.env.Names.ParseRealm)
	}, p.env.Names.RealmNames)
}

func named[V any](p *parser, msg, what string, parse func(string) (V, bool), all func() []string) (v V) {
	if p.err != nil {
		return v
	}
	v, ok := parse(p.word())
	if !ok {
		p.invalid(msg, p.word())
		p.suggest(what, all)
	}
	return v
}

func (p *parser) time(msg string) (ms uint32, raw bool) {
	if p.err != nil {
		return 0, false
	}
	ms, raw, ok := parseTime(p.word())
	if !ok {
		p.invalid(msg, p.word())
	}
	return ms, raw
}

// vrfTable is the table of the VRF that the current word names.
func (p *parser) vrfTable() uint32 {
	if p.err != nil {
		return 0
	}
	t, _ := p.env.VRF(p.word())
	if t == 0 {
		p.invalid("Invalid VRF\n", p.word())
		p.suggest("device", p.env.Devices)
	}
	return t
}

// vrfDevice checks that the current word names a VRF and returns its index;
// gone is the complaint for one that has vanished meanwhile.
func (p *parser) vrfDevice(gone string) uint32 {
	if p.err != nil {
		return 0
	}
	if _, ok := p.env.VRF(p.word()); !ok {
		p.invalid("Invalid VRF\n", p.word())
		p.suggest("device", p.env.Devices)
		return 0
	}
	return p.deviceOr(func(name string) { p.invalid(gone, name) })
}
