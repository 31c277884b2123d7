package window_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/window"
)

const ms = time.Millisecond

func TestStarts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		w    window.TimeWindow
		ts   int64
		want []int64
	}{
		{"tumbling, at the epoch", window.Tumbling(10*ms, 0), 0, []int64{0}},
		{"tumbling, last of a window", window.Tumbling(10*ms, 0), 9, []int64{0}},
		{"tumbling, first of the next", window.Tumbling(10*ms, 0), 10, []int64{10}},
		{"tumbling, inside", window.Tumbling(10*ms, 0), 25, []int64{20}},
		{"hopping, before the first full one", window.Hopping(10*ms, 5*ms, 0), 3, []int64{0}},
		{"hopping", window.Hopping(10*ms, 5*ms, 0), 12, []int64{5, 10}},
		{"hopping, on a start", window.Hopping(10*ms, 5*ms, 0), 10, []int64{5, 10}},
		{"hopping, size no multiple", window.Hopping(12*ms, 5*ms, 0), 12, []int64{5, 10}},
		{"hopping, size no multiple, three", window.Hopping(12*ms, 5*ms, 0), 11, []int64{0, 5, 10}},
		{"hopping like tumbling", window.Hopping(10*ms, 10*ms, 0), 10, []int64{10}},
		{"negative", window.Tumbling(10*ms, 0), -1, nil},
		{"far negative", window.Hopping(10*ms, 1*ms, 0), math.MinInt64, nil},
		{"the end of time", window.Hopping(4*ms, 2*ms, 0), math.MaxInt64, []int64{math.MaxInt64 - 3, math.MaxInt64 - 1}},
		{"sliding, which has no places", window.Sliding(10*ms, 0), 5, nil},
		{"unlimited", window.Unlimited(time.UnixMilli(7)), 1_000_000, []int64{7}},
		{"unlimited, on its start", window.Unlimited(time.UnixMilli(7)), 7, []int64{7}},
		{"unlimited, before its start", window.Unlimited(time.UnixMilli(7)), 6, nil},
		{"unlimited, from the epoch", window.Unlimited(time.UnixMilli(0)), 0, []int64{0}},
		{"faulty", window.Tumbling(0, 0), 5, nil},
		{"empty", window.TimeWindow{}, 5, nil},
	} {
		if diff := cmp.Diff(tc.want, slices.Collect(tc.w.Starts(tc.ts))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		var loop []int64
		if tc.ts < math.MaxInt64-100 {
			for start := tc.w.First(tc.ts); start <= tc.ts; start += tc.w.Advance() {
				loop = append(loop, start)
			}
			if diff := cmp.Diff(tc.want, loop); diff != "" {
				t.Errorf("%s, by First (-want +got):\n%s", tc.name, diff)
			}
		}
	}
}

func TestStartsStops(t *testing.T) {
	t.Parallel()
	for start := range window.Hopping(10*ms, 1*ms, 0).Starts(100) {
		if start != 91 {
			t.Errorf("went on to %d", start)
		}
		break
	}
}

// FuzzStarts compares with the definition: the starts are those multiples of the advance, from zero, whose window holds ts.
func FuzzStarts(f *testing.F) {
	f.Add(int16(10), int16(5), int32(12))
	f.Add(int16(1), int16(1), int32(-1))
	f.Fuzz(func(t *testing.T, size, advance int16, at int32) {
		w, ts := window.Hopping(time.Duration(size)*ms, time.Duration(advance)*ms, 0), int64(at)%4096
		if w.Err() != nil {
			t.Skip()
		}
		var want []int64
		for start := int64(0); start <= ts; start += int64(advance) {
			if ts < start+int64(size) {
				want = append(want, start)
			}
		}
		if diff := cmp.Diff(want, slices.Collect(w.Starts(ts))); diff != "" {
			t.Errorf("size %d, advance %d, ts %d (-want +got):\n%s", size, advance, ts, diff)
		}
	})
}

func TestStartsDoesNotAllocate(t *testing.T) {
	w := window.Hopping(10*ms, 5*ms, 0)
	sum := int64(0)
	if got := testing.AllocsPerRun(100, func() {
		for start := range w.Starts(1000) {
			sum += start
		}
	}); got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	h := window.Hopping(time.Minute, time.Second, time.Hour)
	s := window.Session(time.Minute, time.Hour)
	got := []int64{h.Size(), h.Advance(), h.Grace(), h.Retention(), h.End(5), h.End(math.MaxInt64 - 1), s.Gap(), s.Grace(), s.Retention()}
	want := []int64{60_000, 1_000, 3_600_000, 3_660_000, 60_005, math.MaxInt64, 60_000, 3_600_000, 3_660_000}
	if diff := cmp.Diff(want, got); diff != "" || h.Err() != nil || s.Err() != nil {
		t.Errorf("%v, %v (-want +got):\n%s", h.Err(), s.Err(), diff)
	}
	sl, u := window.Sliding(time.Minute, time.Hour), window.Unlimited(time.UnixMilli(7))
	got = []int64{sl.Size(), sl.Grace(), sl.Retention(), sl.End(5), u.Size(), u.Grace(), u.Retention(), u.End(7)}
	want = []int64{60_000, 3_600_000, 3_720_000, 60_005, math.MaxInt64, 0, 0, math.MaxInt64}
	if diff := cmp.Diff(want, got); diff != "" || !sl.IsSliding() || sl.IsUnlimited() || !u.IsUnlimited() || u.IsSliding() {
		t.Errorf("sliding and unlimited (-want +got):\n%s", diff)
	}
	if w := window.Sliding(0, ms); w.Err() != nil {
		t.Errorf("sliding windows of one instant: %v", w.Err())
	}
	longest := math.MaxInt64 / ms * ms
	if w := window.Tumbling(longest, longest); w.Err() != nil || w.Retention() < w.Size() {
		t.Errorf("the longest: %v, retention %d", w.Err(), w.Retention())
	}
	if window.Tumbling(time.Minute, 0) != window.Hopping(time.Minute, time.Minute, window.NoGrace) {
		t.Error("equal definitions are not ==")
	}
}

func TestFaultyDefinitions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{window.Tumbling(0, 0).Err(), []string{"Tumbling(0s, 0s)", "size is zero", "at least 1ms"}},
		{window.Tumbling(-ms, 0).Err(), []string{"size is negative"}},
		{window.Tumbling(1500*time.Microsecond, 0).Err(), []string{"size has a fraction", "1ms or 2ms"}},
		{window.Tumbling(ms, -ms).Err(), []string{"grace is negative", "at least 0"}},
		{window.Tumbling(ms, time.Nanosecond).Err(), []string{"grace has a fraction", "0s or 1ms"}},
		{window.Hopping(ms, 0, 0).Err(), []string{"Hopping(1ms, 0s, 0s)", "advance is zero"}},
		{window.Hopping(ms, 2*ms, 0).Err(), []string{"make advance at most the size, 1ms"}},
		{window.Session(0, 0).Err(), []string{"Session(0s, 0s)", "the gap or the grace"}},
		{window.Session(-ms, ms).Err(), []string{"gap is negative"}},
		{window.Session(ms, -1).Err(), []string{"grace is negative"}},
		{window.Sliding(-ms, 0).Err(), []string{"Sliding(-1ms, 0s)", "difference is negative"}},
		{window.Sliding(ms, -ms).Err(), []string{"grace is negative"}},
		{window.Sliding(0, 0).Err(), []string{"the difference or the grace at least 1ms"}},
		{window.Unlimited(time.UnixMilli(-1)).Err(), []string{"Unlimited(1969-12-31T23:59:59.999Z)", "before the epoch"}},
		{window.Unlimited(time.Unix(0, 1)).Err(), []string{"fraction of a millisecond"}},
		{window.TimeWindow{}.Err(), []string{"Tumbling, Hopping, Sliding or Unlimited"}},
		{window.SessionWindow{}.Err(), []string{"with Session"}},
	} {
		for _, w := range append(tc.want, "window: ") {
			if tc.err == nil || !strings.Contains(tc.err.Error(), w) {
				t.Errorf("%v does not say %q", tc.err, w)
			}
		}
	}
}
