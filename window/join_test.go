package window_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/window"
)

func TestJoinedBounds(t *testing.T) {
	t.Parallel()
	const longest = math.MaxInt64 / 1_000_000 // milliseconds of a time.Duration
	type bounds struct{ Before, After, Size, Grace, Retention int64 }
	for _, tc := range []struct {
		w    window.JoinWindow
		want bounds
	}{
		{window.Joined(5*time.Second, time.Second), bounds{5000, 5000, 10_000, 1000, 11_000}},
		{window.Joined(0, window.NoGrace), bounds{0, 0, 0, 0, 0}},
		{window.Joined(time.Second, window.NoGrace).Before(0), bounds{0, 1000, 1000, 0, 1000}},
		{window.Joined(time.Second, window.NoGrace).After(time.Minute), bounds{1000, 60_000, 61_000, 0, 61_000}},
		{window.Joined(0, time.Second).Before(-5 * time.Second).After(8 * time.Second), bounds{-5000, 8000, 3000, 1000, 4000}},
		{window.Joined(0, 0).After(-time.Second).Before(time.Second), bounds{1000, -1000, 0, 0, 0}},
		{
			window.Joined(longest*time.Millisecond, longest*time.Millisecond),
			bounds{longest, longest, 2 * longest, longest, 3 * longest},
		},
	} {
		before, after := tc.w.Bounds()
		got := bounds{before, after, tc.w.Size(), tc.w.Grace(), tc.w.Retention()}
		if diff := cmp.Diff(tc.want, got); diff != "" || tc.w.Err() != nil {
			t.Errorf("%+v: %v (-want +got):\n%s", tc.w, tc.w.Err(), diff)
		}
	}
}

func TestJoinedFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		w    window.JoinWindow
		want string
	}{
		{window.JoinWindow{}, "made with Joined"},
		{window.Joined(-time.Second, 0), "Joined(-1s, 0s): diff is negative: make it at least 0"},
		{window.Joined(time.Second, -1), "grace is negative"},
		{window.Joined(time.Microsecond, 0), "diff has a fraction of a millisecond"},
		{window.Joined(0, time.Microsecond), "grace has a fraction of a millisecond"},
		{window.Joined(time.Second, 0).Before(-2 * time.Second), "from -2000 ms before to 1000 ms after ends before it begins"},
		{window.Joined(time.Second, 0).After(-time.Microsecond), "After(-1µs): it has a fraction of a millisecond"},
		{window.Joined(time.Second, 0).Before(math.MinInt64), "Before(" + time.Duration(math.MinInt64).String() + "): it has a fraction"},
		{window.JoinWindow{}.Before(0), "made with Joined"},
	} {
		if err := tc.w.Err(); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "window: ") {
			t.Errorf("%v does not say %q", err, tc.want)
		}
	}
	if window.Joined(time.Second, 0) != window.Joined(time.Minute, 0).Before(time.Second).After(time.Second) {
		t.Error("two equal definitions differ")
	}
}
