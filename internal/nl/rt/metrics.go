package rt

import (
	"nhctl/internal/nl/attr"
)

// RTAX_* numbers of the metrics (include/uapi/linux/rtnetlink.h).
const (
	MetricLock      = 1
	MetricMTU       = 2
	MetricWindow    = 3
	MetricRTT       = 4 // milliseconds × 8
	MetricRTTVar    = 5 // milliseconds × 4
	MetricSSThresh  = 6
	MetricCwnd      = 7
	MetricAdvMSS    = 8
	MetricReorder   = 9
	MetricHoplimit  = 10
	MetricInitCwnd  = 11
	MetricFeatures  = 12
	MetricRTOMin    = 13 // milliseconds
	MetricInitRwnd  = 14
	MetricQuickAck  = 15
	MetricCC        = 16
	MetricNoCookie  = 17
	metricMax       = MetricNoCookie
	FeatureECN      = 1 << 0 // RTAX_FEATURE_ECN
	FeatureSACK     = 1 << 1
	FeatureTstamp   = 1 << 2
	FeatureAllfrag  = 1 << 3
	FeatureTCPUsecT = 1 << 4 // RTAX_FEATURE_TCP_USEC_TS
)

// Metrics is RTA_METRICS: the numbers by their RTAX_* index, each there or
// not, the lock bits (bit n locks metric n) and the congestion control name.
type Metrics struct {
	vals    [metricMax + 1]uint32
	present uint32 // bit n: metric n was said
	CC      string // RTAX_CC_ALGO
	Unknown []attr.Raw
}

// Get is metric n and whether it was said. MetricCC has no number.
func (m *Metrics) Get(n int) (uint32, bool) {
	if n < 0 || n > metricMax {
		return 0, false
	}
	return m.vals[n], m.present&(1<<n) != 0
}

// Set says metric n.
func (m *Metrics) Set(n int, v uint32) {
	if n >= 0 && n <= metricMax {
		m.vals[n], m.present = v, m.present|1<<n
	}
}

// Locked says whether metric n is locked.
func (m *Metrics) Locked(n int) bool { return m.vals[MetricLock]&(1<<n) != 0 }

type metricField = *attr.Field[Metrics, uint32]

func metric(n uint16, name, word, key, doc string, k attr.Kind[uint32]) metricField {
	return attr.Bind(attr.Spec{Type: n, Name: name, Word: word, Key: key, Doc: doc}, k,
		func(m *Metrics) (uint32, bool) { return m.Get(int(n)) },
		func(m *Metrics, v uint32) { m.Set(int(n), v) })
}

var featureBits = names("RTAX_FEATURE_", map[uint64]string{
	FeatureECN: "RTAX_FEATURE_ECN", FeatureSACK: "RTAX_FEATURE_SACK", FeatureTstamp: "RTAX_FEATURE_TIMESTAMP",
	FeatureAllfrag: "RTAX_FEATURE_ALLFRAG", FeatureTCPUsecT: "RTAX_FEATURE_TCP_USEC_TS",
})

// Metric rows, RTAX_*.
var (
	RTAXMTU       = metric(MetricMTU, "RTAX_MTU", "mtu", "mtu", "Path MTU in bytes; with lock, path MTU discovery is not tried.", attr.U32)
	RTAXWindow    = metric(MetricWindow, "RTAX_WINDOW", "window", "window", "Largest TCP window to advertise, in bytes.", attr.U32)
	RTAXRTT       = metric(MetricRTT, "RTAX_RTT", "rtt", "rtt", "Initial round-trip time estimate; on the wire milliseconds times 8.", attr.U32)
	RTAXRTTVar    = metric(MetricRTTVar, "RTAX_RTTVAR", "rttvar", "rttvar", "Initial round-trip time variance; on the wire milliseconds times 4.", attr.U32)
	RTAXSSThresh  = metric(MetricSSThresh, "RTAX_SSTHRESH", "ssthresh", "ssthresh", "Initial slow start threshold, in segments.", attr.U32)
	RTAXCwnd      = metric(MetricCwnd, "RTAX_CWND", "cwnd", "cwnd", "Clamp for the congestion window, in segments; ignored unless locked.", attr.U32)
	RTAXAdvMSS    = metric(MetricAdvMSS, "RTAX_ADVMSS", "advmss", "advmss", "Maximum segment size to advertise, in bytes.", attr.U32)
	RTAXReorder   = metric(MetricReorder, "RTAX_REORDERING", "reordering", "reordering", "Expected packet reordering on the path, in segments.", attr.U32)
	RTAXHoplimit  = metric(MetricHoplimit, "RTAX_HOPLIMIT", "hoplimit", "hoplimit", "Hop limit or TTL of packets sent, 0 to 255.", attr.U32)
	RTAXInitCwnd  = metric(MetricInitCwnd, "RTAX_INITCWND", "initcwnd", "initcwnd", "Initial congestion window, in segments.", attr.U32)
	RTAXFeatures  = metric(MetricFeatures, "RTAX_FEATURES", "features", "features", "Features to enable for connections: ecn, tcp_usec_ts.", attr.FlagsOf(attr.U32, featureBits))
	RTAXRTOMin    = metric(MetricRTOMin, "RTAX_RTO_MIN", "rto_min", "rto_min", "Smallest retransmission time-out, in milliseconds; always locked.", attr.U32)
	RTAXInitRwnd  = metric(MetricInitRwnd, "RTAX_INITRWND", "initrwnd", "initrwnd", "Initial receive window, in segments.", attr.U32)
	RTAXQuickAck  = metric(MetricQuickAck, "RTAX_QUICKACK", "quickack", "quickack", "1 turns quick acknowledgements on.", attr.U32)
	RTAXNoCookie  = metric(MetricNoCookie, "RTAX_FASTOPEN_NO_COOKIE", "fastopen_no_cookie", "fastopen_no_cookie", "1 allows TCP fast open without a cookie.", attr.U32)
	RTAXLock      = metric(MetricLock, "RTAX_LOCK", "lock", "", "Bit n forbids the kernel to change metric n.", attr.U32)
	RTAXCongestAl = attr.Bind(attr.Spec{
		Type: MetricCC, Name: "RTAX_CC_ALGO", Word: "congctl", Key: "congestion",
		Doc: "TCP congestion control algorithm by name; with lock, also for connections that chose one.",
	}, ccName,
		func(m *Metrics) (string, bool) { return m.CC, m.present&(1<<MetricCC) != 0 },
		func(m *Metrics, v string) { m.CC = v; m.present |= 1 << MetricCC })
)

// ccName is sent without NUL, as ip sends it, and comes with one.
var ccName = attr.Text

// MetricsTable is the attribute space of RTA_METRICS, in the order of the
// numbers; the lock comes last, as ip sends it.
var MetricsTable = attr.NewTable("RTAX", func(m *Metrics) *[]attr.Raw { return &m.Unknown },
	RTAXMTU, RTAXWindow, RTAXRTT, RTAXRTTVar, RTAXSSThresh, RTAXCwnd, RTAXAdvMSS, RTAXReorder, RTAXHoplimit,
	RTAXInitCwnd, RTAXFeatures, RTAXRTOMin, RTAXInitRwnd, RTAXQuickAck, RTAXCongestAl, RTAXNoCookie, RTAXLock)
