package millrace_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// checkCounts checks that the sink holds, for each word, the counts 1, 2, ..., n in this order: nothing twice, nothing
// missing, nothing out of order.
func checkCounts(tb testing.TB, got []brokertest.Record, want map[string]int64) {
	tb.Helper()
	last := map[string]int64{}
	for _, r := range got {
		n := int64(binary.BigEndian.Uint64(r.Value))
		if n != last[string(r.Key)]+1 {
			tb.Fatalf("word %q: count %d came after %d (partition %d, offset %d)", r.Key, n, last[string(r.Key)], r.Partition, r.Offset)
		}
		last[string(r.Key)] = n
	}
	if diff := cmp.Diff(want, last); diff != "" {
		tb.Errorf("final counts (-want +got):\n%s", diff)
	}
}

// withoutRepeats leaves out the counts that came before.
func withoutRepeats(records []brokertest.Record) []brokertest.Record {
	seen := map[string]bool{}
	return slices.DeleteFunc(records, func(r brokertest.Record) bool {
		count := string(r.Key) + "=" + string(r.Value)
		again := seen[count]
		seen[count] = true
		return again
	})
}

// countsOf is what lines(n, vocabulary) adds up to.
func countsOf(n, vocabulary int) map[string]int64 {
	m := map[string]int64{}
	for i := range 3 * n {
		m[fmt.Sprintf("w%d", i%vocabulary)]++
	}
	return m
}

func TestWordCount(t *testing.T) {
	t.Parallel()
	for _, g := range []millrace.Guarantee{millrace.ExactlyOnce, millrace.AtLeastOnce} {
		t.Run(g.String(), func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.Guarantee = g
			id := newApp(t, cfg.Bootstrap)
			in, out := topics(t, cfg.Bootstrap, 3, 2)
			brokertest.Produce(t, cfg.Bootstrap, in, lines(1000, 50)...)
			a := start(t, wordCount(t, id, in, out), cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, 3000, longest)
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			got := brokertest.All(t, cfg.Bootstrap, out)
			if g == millrace.AtLeastOnce { // a broker that is slow to take a commit makes it repeat some
				got = withoutRepeats(got)
			}
			checkCounts(t, got, countsOf(1000, 50))
		})
	}
}

// TestRestart stops and starts an application in the middle of its work, with and without its state directory, and with
// another number of workers.
func TestRestart(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 3, 2)
	want := 0
	run := func(what string) {
		t.Helper()
		brokertest.Produce(t, cfg.Bootstrap, in, lines(500, 40)...)
		want += 1500
		a := start(t, wordCount(t, id, in, out), cfg)
		brokertest.Consume(t, cfg.Bootstrap, out, want, longest)
		if err := a.shutdown(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	run("first")
	run("same state directory")
	cfg.Workers = 1
	run("fewer workers")
	cfg.StateDir, cfg.InstanceID = t.TempDir(), "moved"
	cfg.Workers = 3
	run("another machine")
	got := brokertest.All(t, cfg.Bootstrap, out)
	final := map[string]int64{}
	for range 4 {
		for w, n := range countsOf(500, 40) {
			final[w] += n
		}
	}
	checkCounts(t, got, final)
}
