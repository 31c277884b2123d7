package millrace_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

const (
	erring   = 13
	panicked = 66
)

// sums writes every value to seen and adds them up by key; those that fail do so after they were seen.
func sums(tb testing.TB, app, in, seen, out string, fail func(int64) error) *topology.Topology {
	tb.Helper()
	b := topology.New(app)
	numbers := stream.From(b, topology.NewTopic[string, int64](in))
	numbers.To(topology.NewTopic[string, int64](seen))
	total := numbers.
		ProcessValues(func(_ context.Context, r stream.Record[string, int64]) (int64, error) { return r.Value, fail(r.Value) }, topology.As("check")).
		GroupByKey(topology.As("by-key")).
		Reduce(func(a, b int64) int64 { return a + b }, topology.As("total"))
	stream.Changes(total).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return topo
}

func failing(n int64) error {
	switch n {
	case erring:
		return errors.New("unlucky")
	case panicked:
		panic("too much")
	}
	return nil
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// numbersOf gives the values of records as they were written.
func numbersOf(records []brokertest.Record) []int64 {
	var list []int64
	for _, r := range records {
		list = append(list, int64(binary.BigEndian.Uint64(r.Value)))
	}
	return list
}

// badInput is 1, 2, a bad record, 3, 4 in one partition.
func badInput(bad []byte) []brokertest.Record {
	var list []brokertest.Record
	for _, v := range [][]byte{number(1), number(2), bad, number(3), number(4)} {
		list = append(list, brokertest.Record{Key: []byte("k"), Value: v, Timestamp: time.UnixMilli(1000)})
	}
	return list
}

var badRecords = []struct {
	name, operator, cause string
	value                 []byte
}{
	{"decode", "", "bytes", []byte("abc")},
	{"error", "check", "unlucky", number(erring)},
	{"panic", "", "too much", number(panicked)},
}

// TestSkip leaves a bad record out: what it had done is taken back, the others count once, the policy and the log learn
// where it is.
func TestSkip(t *testing.T) {
	t.Parallel()
	for _, c := range badRecords {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			log := &journal{t: t}
			cfg.Logger = log.logger()
			var mu sync.Mutex
			var failures []millrace.Failure
			skip := func(f millrace.Failure) millrace.Verdict {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, f)
				return millrace.Drop
			}
			cfg.OnDecodeError, cfg.OnProcessError = skip, skip
			in, seen, out := threeTopics(t, cfg.Bootstrap)
			brokertest.Produce(t, cfg.Bootstrap, in, badInput(c.value)...)
			a := start(t, sums(t, newApp(t, cfg.Bootstrap), in, seen, out, failing), cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, 4, longest)
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int64{1, 3, 6, 10}, numbersOf(brokertest.All(t, cfg.Bootstrap, out))); diff != "" {
				t.Errorf("sums (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int64{1, 2, 3, 4}, numbersOf(brokertest.All(t, cfg.Bootstrap, seen))); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			f := failures[0]
			if f.Topic != in || f.Partition != 0 || f.Offset != 2 || string(f.Key) != "k" || string(f.Value) != string(c.value) {
				t.Errorf("the policy was asked about %s[%d] %d, key %q, value %q", f.Topic, f.Partition, f.Offset, f.Key, f.Value)
			}
			if !strings.Contains(f.Operator, c.operator) || (f.Operator == "") != (c.operator == "") || !strings.Contains(f.Err.Error(), c.cause) {
				t.Errorf("operator %q, error %q: want %q and %q in them", f.Operator, f.Err, c.operator, c.cause)
			}
			for _, want := range []string{"record dropped", "topic=" + in, "partition=0", "offset=2", c.cause} {
				if !log.has(want) {
					t.Errorf("the log does not say %q", want)
				}
			}
		})
	}
}

// TestFail stops at a bad record with an error that says where it is; with the mistake corrected, all count once.
func TestFail(t *testing.T) {
	t.Parallel()
	for _, c := range badRecords {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			id := newApp(t, cfg.Bootstrap)
			in, seen, out := threeTopics(t, cfg.Bootstrap)
			brokertest.Produce(t, cfg.Bootstrap, in, badInput(c.value)...)
			a := launch(t, sums(t, id, in, seen, out, failing), cfg)
			err := a.wait()
			if err == nil {
				t.Fatal("the application stopped without an error")
			}
			for _, want := range []string{in, "partition 0", "offset 2", c.operator, c.cause} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if h := a.Health(); h.Live || h.Ready || h.State != millrace.StateFailed || h.Err == nil {
				t.Errorf("health of a failed application: %+v", h)
			}
			want := []int64{1, 2, 3, 4}
			if c.name == "decode" {
				cfg.OnDecodeError = millrace.Skip
			} else {
				want = []int64{1, 2, int64(binary.BigEndian.Uint64(c.value)), 3, 4}
			}
			b := start(t, sums(t, id, in, seen, out, func(int64) error { return nil }), cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, len(want), longest)
			if err := b.shutdown(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, numbersOf(brokertest.All(t, cfg.Bootstrap, seen))); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			if got := numbersOf(brokertest.All(t, cfg.Bootstrap, out)); len(got) != len(want) || got[len(got)-1] != sum(want) {
				t.Errorf("sums are %v, of %v", got, want)
			}
		})
	}
}

func sum(list []int64) (s int64) {
	for _, n := range list {
		s += n
	}
	return s
}

// TestManyBadRecords: records that fail after they took effect, between and beside good ones, in several partitions.
func TestManyBadRecords(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.OnDecodeError, cfg.OnProcessError = millrace.Skip, millrace.Skip
	in, seen, out := brokertest.UniqueName(t, "in"), brokertest.UniqueName(t, "seen"), brokertest.UniqueName(t, "out")
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: in, Partitions: 3}, brokertest.Topic{Name: seen}, brokertest.Topic{Name: out})
	var records []brokertest.Record
	good, want := 0, map[string]int64{}
	for i := range 600 {
		key, n := fmt.Sprint("k", i%7), int64(i)
		r := brokertest.Record{Key: []byte(key), Value: number(n)}
		switch {
		case i%50 == 3:
			r.Value = number(erring)
		case i%50 == 17:
			r.Value = number(panicked)
		case i%10 == 9:
			r.Value = []byte("abc")
		case n == erring || n == panicked:
			r.Value = number(0)
			good++
		default:
			good++
			want[key] += n
		}
		records = append(records, r)
	}
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	a := start(t, sums(t, newApp(t, cfg.Bootstrap), in, seen, out, failing), cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, good, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	if got := len(brokertest.All(t, cfg.Bootstrap, seen)); got != good {
		t.Errorf("%d records were seen, of %d good ones", got, good)
	}
	last := map[string]int64{}
	for _, r := range brokertest.All(t, cfg.Bootstrap, out) {
		last[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func threeTopics(tb testing.TB, bootstrap string) (in, seen, out string) {
	tb.Helper()
	in, out = topics(tb, bootstrap, 1, 1)
	seen = brokertest.UniqueName(tb, "seen")
	brokertest.Topics(tb, bootstrap, brokertest.Topic{Name: seen})
	return in, seen, out
}
