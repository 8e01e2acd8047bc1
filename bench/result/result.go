package result

// Report is one run of the benchmark.
type Report struct {
	Date    string // of the start, 2006-01-02 15:04
	Command string
	Rounds  int
	Quick   bool
	Machine Machine
	Setups  []Setup
}

// Machine is what was measured on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Memory string `json:"memory"`
}

// Setup is a GStreamer, and what was measured with it.
type Setup struct {
	Name     string
	Versions []string // "GStreamer 1.26.2", one for each part
	Load     float64  // how many processors other programs kept busy at the start; in old results the load average of the minute before
	Stolen   float64  // share of processor time that others took from the machine
	Skipped  []string
	Works    []Work
}

// Work is what the processes had to do.
type Work struct {
	ID        string
	Group     string // of works in one table, a row each
	Title     string
	Size      int // bytes of a frame
	Consumers int
	Sweep     bool     // part of the throughput by frame size
	Optional  bool     // of that only
	Metrics   []string // those that the tables show
	Pairs     []Cell
}

// Cell is how one pair did one work.
type Cell struct {
	Pair    string
	Spin    int
	Samples []Sample
	Latency Histogram // of all rounds together
}

// Status is how a round went.
type Status string

const (
	// OK: what was measured counts.
	OK Status = "ok"
	// Stalled: frames stopped coming.
	Stalled Status = "stalled"
	// Failed: a process ended with an error, or frames were damaged.
	Failed Status = "failed"
	// Skipped: it was not tried.
	Skipped Status = "skipped"
)

// Sample is one round.
type Sample struct {
	Status Status
	Detail string // why it is not OK
	Values map[string]float64
}

// Metrics, the keys of Sample.Values.
const (
	P50       = "p50_us"          // age of a frame when the consumer gets it
	P99       = "p99_us"          //
	FPS       = "fps"             // frames per second at the consumer
	CPU       = "cpu_us"          // of the producer's process, per frame
	ReaderCPU = "reader_cpu_us"   // of a consumer's process, per frame
	Lost      = "lost"            // frames that a consumer did not get
	Publish   = "publish_p50_us"  // how long pushing a frame takes the producer
	Publish9  = "publish_p99_us"  //
	Acquire   = "acquire_p50_us"  // how long getting an empty buffer takes it
	Acquire9  = "acquire_p99_us"  //
	Exchanges = "exchanges"       // frames or numbers handed over per second; a round trip has two
	Bandwidth = "gb_s"            // bytes that went from one process to the other per second, in 10^9
	PerFrame  = "frame_ns"        // what a frame costs a loop that reads, or an array of it
	Bytes     = "bytes"           // of a file
	RSS       = "rss_mb"          // of a consumer: resident memory, the pool's included
	PSS       = "pss_mb"          // its share of it
	Private   = "private_mb"      // what is its alone
	Tables    = "page_tables_kb"  // page tables
	SrcRSS    = "producer_rss_mb" // the same of the producer
	SrcPSS    = "producer_pss_mb" //
)

// unit says how a metric is written in a table.
type unit struct {
	title  string
	format func(float64) string
	lower  bool // lower is better
}

var units = map[string]unit{
	P50:       {"latency p50, us", short, true},
	P99:       {"latency p99, us", short, true},
	FPS:       {"frames/s", thousands, false},
	CPU:       {"producer CPU per frame, us", short, true},
	ReaderCPU: {"reader CPU per frame, us", short, true},
	Lost:      {"frames lost", thousands, true},
	Publish:   {"publication p50, us", short, true},
	Publish9:  {"publication p99, us", short, true},
	Acquire:   {"empty buffer p50, us", short, true},
	Acquire9:  {"empty buffer p99, us", short, true},
	Exchanges: {"exchanges/s", thousands, false},
	Bandwidth: {"GB/s", short, false},
	PerFrame:  {"processor ns per frame", thousands, true},
	Bytes:     {"bytes", thousands, true},
	RSS:       {"consumer RSS, MB", short, true},
	PSS:       {"consumer PSS, MB", short, true},
	Private:   {"consumer private, MB", short, true},
	Tables:    {"consumer page tables, KB", short, true},
	SrcRSS:    {"producer RSS, MB", short, true},
	SrcPSS:    {"producer PSS, MB", short, true},
}

// Work returns a setup's work, or nil.
func (s *Setup) Work(id string) *Work {
	for i := range s.Works {
		if s.Works[i].ID == id {
			return &s.Works[i]
		}
	}
	return nil
}

// Cell returns how a pair did the work, or nil.
func (w *Work) Cell(pair string, spin int) *Cell {
	if w == nil {
		return nil
	}
	for i := range w.Pairs {
		if w.Pairs[i].Pair == pair && w.Pairs[i].Spin == spin {
			return &w.Pairs[i]
		}
	}
	return nil
}

// Describe writes a metric's value with its name.
func Describe(metric string, v float64) string {
	return units[metric].title + " " + units[metric].format(v)
}
