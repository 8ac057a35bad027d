package out

func (p *Printer) encap(typ uint16, payload []byte) {}
