package stream_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// site has something in it that can be changed through a copy.
type site struct{ Stains []string }

func newSite() site { return site{} }

// observe changes its first argument in place, which is the store's own.
func observe(s site, _ string, v site) site {
	s.Stains = append(s.Stains, v.Stains...)
	for i := range s.Stains {
		s.Stains[i] = strings.ToUpper(s.Stains[i])
	}
	return s
}

func join(a, b site) site { return observe(a, "", b) }

var (
	siteTopic   = topology.NewTopic[string, site]("sites")
	copiedSites = topology.NewTopic[string, site]("copied_sites")
)

// Whatever operator's callback changes a value that it was given, the second run finds it.
func TestChangedValuesAreFound(t *testing.T) {
	t.Parallel()
	type S = *stream.Stream[string, site]
	spoil := func(v site) { v.Stains[0] = "changed" }
	cases := []op[site]{
		{"JoinTable", func(s S, seen func(site)) S {
			return s.JoinTable(s.ToTable(topology.As("rows")), func(v, _ site) site { seen(v); return v })
		}},
		{"Aggregate, the value", func(s S, seen func(site)) S {
			return stream.Changes(s.GroupByKey().Aggregate(newSite, func(a site, _ string, v site) site { seen(v); return a }, topology.As("n")))
		}},
		{"Reduce, the value", func(s S, seen func(site)) S {
			return stream.Changes(s.GroupByKey().Reduce(func(a, v site) site { seen(v); return a }, topology.As("n")))
		}},
		{"GroupBy", func(s S, seen func(site)) S {
			return stream.Changes(s.GroupBy(func(k string, v site) string { seen(v); return k }).Reduce(join, topology.As("n")))
		}},
	}
	for _, o := range ops[site]() {
		if o.name != "Repartition" && o.name != "ToTable, Changes" { // without a callback
			cases = append(cases, o)
		}
	}
	for _, o := range cases {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("ownership")
			o.draw(stream.From(b, siteTopic), spoil).To(copiedSites)
			topo := build(t, b)
			var f fake
			f.run(func() {
				d := testkit.New(&f, topo)
				d.Input(siteTopic).Pipe("A01", site{[]string{"Hoechst"}}, 0)
				d.Input(siteTopic).Pipe("A01", site{[]string{"Hoechst"}}, 1)
			})
			if !strings.Contains(f.failure, "a value was changed after it was forwarded") {
				t.Errorf("failed with %q", f.failure)
			}
		})
	}
}

// fake is a test that notes how it fails.
type fake struct {
	failure  string
	cleanups []func()
}

func (f *fake) Helper()                   {}
func (f *fake) Cleanup(end func())        { f.cleanups = append(f.cleanups, end) }
func (f *fake) Errorf(s string, a ...any) { f.failure += fmt.Sprintf(s, a...) }
func (f *fake) Fatalf(s string, a ...any) { f.Errorf(s, a...); runtime.Goexit() }

func (f *fake) run(test func()) {
	done := make(chan struct{})
	go func() { defer close(done); test() }()
	<-done
	for _, end := range f.cleanups {
		end()
	}
}

// An aggregator may change what it is given as its accumulator: what was forwarded before, and the record that a row
// began as, stay as they were.
func TestAccumulatorsMayChange(t *testing.T) {
	t.Parallel()
	type G = *stream.Grouped[string, site]
	whole := func(k window.Key[string], _ site) string { return k.Key }
	for name, draw := range map[string]func(g G) *stream.Stream[string, site]{
		"Reduce": func(g G) *stream.Stream[string, site] { return stream.Changes(g.Reduce(join, topology.As("n"))) },
		"Aggregate": func(g G) *stream.Stream[string, site] {
			return stream.Changes(g.Aggregate(newSite, observe, topology.As("n")))
		},
		"windowed Reduce": func(g G) *stream.Stream[string, site] {
			return stream.Changes(g.WindowedBy(day).Reduce(join, topology.As("n"))).SelectKey(whole)
		},
		"windowed Aggregate": func(g G) *stream.Stream[string, site] {
			return stream.Changes(g.WindowedBy(day).Aggregate(newSite, observe, topology.As("n"))).SelectKey(whole)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("accumulators")
			s := stream.From(b, siteTopic)
			changes := draw(s.GroupByKey())
			var kept []site
			s.ForEach(func(_ string, v site) { kept = append(kept, v) }) // sees each record after the aggregation
			changes.To(copiedSites)
			d := testkit.New(t, build(t, b), testkit.CommitEvery(10))
			for i, stain := range []string{"a", "b", "c"} {
				d.Input(siteTopic).Pipe("A01", site{[]string{stain}}, int64(i))
			}
			if diff := cmp.Diff([]site{{[]string{"a"}}, {[]string{"b"}}, {[]string{"c"}}}, kept[:3]); diff != "" {
				t.Errorf("the records: %s", diff)
			}
			last := d.Output(copiedSites).Values()[2]
			if diff := cmp.Diff(site{[]string{"A", "B", "C"}}, last); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A table that needs old values gets them as they were, though the aggregator changes its rows in place.
func TestOldValuesAreCopies(t *testing.T) {
	t.Parallel()
	full := func(_ string, s site) bool { return len(s.Stains) > 0 && s.Stains[0] == "b" }
	set := func(s site, _ string, v site) site {
		if s.Stains == nil {
			return v
		}
		s.Stains[0] = v.Stains[0]
		return s
	}
	b := topology.New("old")
	stream.Changes(stream.From(b, siteTopic).GroupByKey().Aggregate(newSite, set, topology.As("n")).Filter(full)).To(copiedSites)
	d := testkit.New(t, build(t, b), testkit.CommitEvery(10), testkit.Once()) // the first value stands for itself
	for i, stain := range []string{"a", "b", "c", "d", "b"} {
		d.Input(siteTopic).Pipe("A01", site{[]string{stain}}, int64(i))
	}
	var got []string
	for _, r := range d.Output(copiedSites).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"A01 -> {[b]} at 1", "A01 -> null at 2", "A01 -> {[b]} at 4"}, got); diff != "" {
		t.Error(diff)
	}
}
