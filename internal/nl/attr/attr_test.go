package attr

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// thing is a message part with every shape of row.
type thing struct {
	Metric  Opt[uint32]
	Port    Opt[uint16]
	Name    Opt[string]
	On      Opt[struct{}]
	Inner   Opt[inner]
	List    Opt[[]inner]
	Kind    Opt[uint16]
	Blob    Opt[[]byte]
	Unknown []Raw
}

type inner struct {
	A       Opt[uint8]
	Unknown []Raw
}

var (
	innerTable = NewTable("INNER", func(i *inner) *[]Raw { return &i.Unknown },
		Of(Spec{Type: 1, Name: "INNER_A"}, U8, func(i *inner) *Opt[uint8] { return &i.A }))
	thingMetric = Of(Spec{Type: 1, Name: "T_METRIC", Word: "metric"}, U32, func(t *thing) *Opt[uint32] { return &t.Metric })
	thingTable  = NewTable("T", func(t *thing) *[]Raw { return &t.Unknown },
		thingMetric,
		Of(Spec{Type: 2, Name: "T_PORT"}, BE16, func(t *thing) *Opt[uint16] { return &t.Port }),
		Of(Spec{Type: 3, Name: "T_NAME"}, String, func(t *thing) *Opt[string] { return &t.Name }),
		Of(Spec{Type: 4, Name: "T_ON"}, Flag, func(t *thing) *Opt[struct{}] { return &t.On }),
		Of(Spec{Type: 5, Name: "T_INNER", Nested: true}, Nest(innerTable), func(t *thing) *Opt[inner] { return &t.Inner }),
		Of(Spec{Type: 6, Name: "T_LIST"}, NestList(innerTable, Spec{Type: 1, Name: "T_ENTRY"}), func(t *thing) *Opt[[]inner] { return &t.List }),
		Of(Spec{Type: 7, Name: "T_BLOB"}, Kind[[]byte]{
			Name: "blob", Decode: Bytes.Decode, Append: Bytes.Append,
			Trace: func(b, p []byte, c *Ctx) []byte {
				if c.Encap == 9 {
					return append(b, "nine"...)
				}
				return AppendHex(b, p)
			},
		}, func(t *thing) *Opt[[]byte] { return &t.Blob }),
		Of(Spec{Type: 8, Name: "T_KIND"}, U16, func(t *thing) *Opt[uint16] { return &t.Kind })).Beside(8)
)

func TestTableRoundTrip(t *testing.T) {
	want := thing{
		Metric: Some(uint32(0)), Port: Some(uint16(80)), Name: Some("eth0"), On: Some(struct{}{}),
		Inner: Some(inner{A: Some(uint8(7))}), List: Some([]inner{{A: Some(uint8(1))}, {}}),
		Unknown: []Raw{{Type: 99, Data: []byte{1, 2, 3}}},
	}
	b := thingTable.Append(nil, &want)
	var got thing
	if err := thingTable.Decode(&got, b, &Ctx{}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("want %+v\ngot  %+v", want, got)
	}
	if !got.Metric.OK || got.Kind.OK {
		t.Errorf("absent is not zero: metric %+v, kind %+v", got.Metric, got.Kind)
	}
}

// As in the kernel, the last of two wins; a payload that does not fit its row
// is kept as it came and put back.
func TestDecodeOddities(t *testing.T) {
	b := thingMetric.Put(nil, 1)
	b = thingMetric.Put(b, 2)
	b = Put(b, 1, []byte{1, 2}) // two bytes are no u32
	var v thing
	if err := thingTable.Decode(&v, b, &Ctx{}); err != nil {
		t.Fatal(err)
	}
	if v.Metric.V != 2 || len(v.Unknown) != 1 || !bytes.Equal(v.Unknown[0].Data, []byte{1, 2}) {
		t.Errorf("got %+v", v)
	}
}

func TestDecodeBroken(t *testing.T) {
	good := thingMetric.Put(nil, 1)
	for _, c := range []struct {
		name string
		b    []byte
		off  int
	}{
		{"length 0", append(bytes.Clone(good), 0, 0, 1, 0), 8},
		{"length beyond the end", append(bytes.Clone(good), 9, 0, 1, 0, 1, 2, 3, 4), 8},
		{"first", []byte{3, 0, 1, 0}, 0},
	} {
		var v thing
		for _, err := range []error{thingTable.Decode(&v, c.b, &Ctx{}), Check(c.b)} {
			var le *LenError
			if !errors.As(err, &le) || le.Offset != c.off {
				t.Errorf("%s: want a LenError at %d, got %v", c.name, c.off, err)
			}
		}
	}
	var v thing
	if err := thingTable.Decode(&v, append(bytes.Clone(good), 1, 2, 3), &Ctx{}); err != nil {
		t.Errorf("three bytes behind the last attribute are no error: %v", err)
	}
}

func TestTrace(t *testing.T) {
	var b []byte
	b = Put(b, 7, []byte{0xab})
	b = Put(b, 8, ne.AppendUint16(nil, 9))
	b = Put(b, 4, nil)
	b = Put(b, 5|FlagNested, Put(nil, 1, []byte{7}))
	b = Put(b, 200, []byte{1})
	want := `[[{nla_len=5, nla_type=T_BLOB}, nine], [{nla_len=6, nla_type=T_KIND}, 9], {nla_len=4, nla_type=T_ON}, ` +
		`[{nla_len=12, nla_type=NLA_F_NESTED|T_INNER}, [{nla_len=5, nla_type=INNER_A}, 7]], ` +
		`[{nla_len=5, nla_type=0xc8 /* T_??? */}, "\x01"]]`
	if got := string(thingTable.Trace(nil, b, &Ctx{})); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestAt(t *testing.T) {
	b := thingMetric.Put(nil, 1) // 0..7
	b = Put(b, 5, Put(nil, 1, []byte{7}))
	for _, c := range []struct {
		off  int
		want []string
	}{
		{0, []string{"T_METRIC"}},
		{7, []string{"T_METRIC"}},
		{8, []string{"T_INNER"}},
		{12, []string{"T_INNER", "INNER_A"}},
		{20, nil},
	} {
		var got []string
		for _, l := range thingTable.At(b, c.off, &Ctx{}) {
			got = append(got, l.Spec.Name)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("offset %d: want %v, got %v", c.off, c.want, got)
		}
	}
	if at := thingTable.At(b, 12, &Ctx{}); at[1].Start != 12 {
		t.Errorf("the inner attribute starts at 12, got %d", at[1].Start)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := Put(thingMetric.Put(nil, 5), 2, []byte{0, 80})
	var v thing
	c := &Ctx{}
	if n := testing.AllocsPerRun(100, func() {
		v = thing{}
		if thingTable.Decode(&v, b, c) != nil {
			t.Fatal("does not decode")
		}
	}); n != 0 {
		t.Errorf("want no allocation for plain attributes, got %v", n)
	}
}

func TestTwoRowsOfOneNumberPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("want a panic")
		}
	}()
	NewTable("X", nil, thingMetric, thingMetric).Specs()
}

func FuzzTable(f *testing.F) {
	f.Add(thingTable.Append(nil, &thing{Metric: Some(uint32(1)), Inner: Some(inner{A: Some(uint8(7))})}))
	f.Fuzz(func(t *testing.T, b []byte) {
		thingTable.Trace(nil, b, &Ctx{})
		thingTable.At(b, len(b)/2, &Ctx{})
		var v, again thing
		if thingTable.Decode(&v, b, &Ctx{}) != nil {
			return
		}
		b1 := thingTable.Append(nil, &v)
		if err := thingTable.Decode(&again, b1, &Ctx{}); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if b2 := thingTable.Append(nil, &again); !bytes.Equal(b1, b2) {
			t.Fatalf("not stable\nfirst  %x\nsecond %x", b1, b2)
		}
	})
}
