package pipeline

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/testkit"
)

func truncated(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data[:len(data)/2]
}

// What waits in vain is reported when its plate is quiet, once, and completes when the image comes after all.
func TestIncompleteAndThenComplete(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	late, rest := images[3], append(images[:3:3], images[4:]...)
	b := newBench(t, testkit.Partitions(1))
	b.metadata("e1", small)
	b.images(rest)
	b.Advance(idle / 2)
	b.work()
	if len(b.incomplete) > 0 {
		t.Fatalf("reported after half the time: %v", b.incomplete)
	}
	b.image(rest[10]) // the plate is still being imaged
	b.Advance(idle * 3 / 4)
	b.work()
	if len(b.incomplete) > 0 {
		t.Fatalf("reported while images come: %v", b.incomplete)
	}
	b.Advance(idle)
	b.Advance(10 * idle)
	b.work()
	if len(b.incomplete) != 1 {
		t.Fatalf("%d reports, want 1: %v", len(b.incomplete), b.incomplete)
	}
	want := Incomplete{Position: late.Position, Channels: []int{1, 2, 3, 5, 6}, Missing: []int{4}}
	if diff := cmp.Diff(want, b.incomplete[0].Value); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if reason := want.Reason(); !strings.Contains(reason, "channels [4] are missing") {
		t.Errorf("reason %q", reason)
	}
	if got := []int{len(b.sites), len(b.wells), len(b.plates)}; !cmp.Equal(got, []int{5, 2, 0}) {
		t.Fatalf("sites, wells, plates: %d, want the others", got)
	}

	b.image(late)
	b.work()
	if len(b.incomplete) != 2 || !b.incomplete[1].Null || b.incomplete[1].Key != late.SiteID() {
		t.Errorf("reports %v, want the last to take the first back", b.incomplete)
	}
	b.Advance(2 * idle)
	b.work()
	if got := []int{len(b.sites), len(b.wells), len(b.plates), len(b.incomplete)}; !cmp.Equal(got, []int{6, 3, 1, 2}) {
		t.Errorf("sites, wells, plates, reports: %d, want all", got)
	}
}

// A report is brought up to date when there is more to say.
func TestReportsAreKeptCurrent(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	b := newBench(t)
	b.images(images[:3])
	b.Advance(2 * idle)
	b.images(images[3:4])
	b.Advance(2 * idle)
	b.image(images[0]) // a duplicate is no news
	b.Advance(2 * idle)
	b.metadata("e1", small)
	b.Advance(2 * idle)
	b.work()
	at := images[0].Position
	want := []Incomplete{
		{Position: at, Channels: []int{1, 2, 3}, Unknown: true},
		{Position: at, Channels: []int{1, 2, 3, 4}, Unknown: true},
		{Position: at, Channels: []int{1, 2, 3, 4}, Missing: []int{5, 6}},
	}
	var got []Incomplete
	for _, r := range b.incomplete {
		got = append(got, r.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// A site whose images do not fit together is given up by the workers, and reported with what they said.
func TestImagesOfTwoSizes(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	other := bigger(t)
	images[4].Path = other
	b := newBench(t)
	b.metadata("e1", small)
	b.images(images)
	b.work()
	b.Advance(time.Second)
	b.work()
	if len(b.features) != 5 || len(b.wells) != 2 || len(b.plates) != 0 {
		t.Errorf("%d sites with features, %d wells, %d plates: want 5, 2, 0", len(b.features), len(b.wells), len(b.plates))
	}
	if len(b.incomplete) != 1 || !strings.Contains(b.incomplete[0].Value.Reason(), "images differ in size") {
		t.Fatalf("reports %v, want one of two sizes", b.incomplete)
	}
	if got := b.incomplete[0].Value.Position; got != images[4].Position {
		t.Errorf("reported %v, want %v", got, images[4].Position)
	}
}

// State does not grow with what is over.
func TestForgets(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	b := newBench(t, testkit.Partitions(1))
	b.metadata("e1", small)
	b.images(images[:33]) // the last site stays incomplete, and with it well and plate
	b.work()
	open := func() int {
		return len(b.Rows[SiteID, openSite]("sites-open")) + len(b.Rows[PlateID, openPlate]("plates-open"))
	}
	if open() == 0 {
		t.Fatal("nothing is open: the test proves nothing")
	}
	b.now += 3 * (gap + grace).Milliseconds()
	later := smallPlates(t, "e2")
	b.metadata("e2", small)
	b.images(later)
	b.work()
	b.now += 2 * forgetEvery.Milliseconds()
	b.image(later[0])
	for _, row := range b.Rows[SiteID, openSite]("sites-open") {
		t.Errorf("%s is still open", row.Key)
	}
	for _, row := range b.Rows[WellID, WellFeatures]("plate-wells") {
		t.Errorf("well %s is still kept", row.Key)
	}
	if len(b.plates) != 1 {
		t.Errorf("%d plates, want the later one", len(b.plates))
	}
}
