package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/examples/imagepipeline/internal/cells"
	"github.com/millrace-go/millrace/examples/imagepipeline/synthetic"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestMain lets the test's program be the worker's, as the demo's is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// output is what a screen shows. Others write to it while a test reads.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// longest bounds a test that would hang: with the race detector, beside other tests, a demo may take minutes.
const longest = 7 * time.Minute

// small is a demo of 2 plates of 4 wells of 2 sites, on a broker in the process or the one at MILLRACE_BOOTSTRAP.
func small(t *testing.T) (options, *screen, *output) {
	t.Helper()
	o, err := parse([]string{"-out", t.TempDir(), "-idle", "500ms", "-bootstrap", os.Getenv(brokertest.Env)})
	if err != nil {
		t.Fatal(err)
	}
	o.synthetic = synthetic.Options{Wells: []string{"B02", "B03", "C02", "C03"}, Sites: 2, Size: 8, Seed: 3}
	o.stalled = longest
	out := &output{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen:\n%s", out)
		}
	})
	return o, &screen{out: out}, out
}

func wants(t *testing.T, out *output, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the screen does not say %q", want)
		}
	}
}

// The whole: late metadata, shuffled events, duplicates, an image of each plate that comes when its site is reported.
func TestDemo(t *testing.T) {
	t.Parallel()
	o, s, out := small(t)
	if err := demo(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	wants(t, out, "96 measured, 6 came again and were not used, 0 left out", "channels [4] are missing", "8 complete of 8", "2 complete of 2", "24 files")
	// Two are held back until they are reported. A machine too busy to measure for a while makes more of them.
	if !regexp.MustCompile(`16 complete of 16; ([2-9]|1[0-6]) had been reported incomplete`).MatchString(out.String()) {
		t.Error("the screen does not say that the sites of the late images had been reported incomplete, and are complete")
	}
	for _, name := range []string{"experiment-1_plate-1_channel-1", "experiment-2_plate-2_channel-6"} {
		checkHeatMap(t, filepath.Join(o.out, "heatmaps", name))
	}
}

func checkHeatMap(t *testing.T, base string) {
	t.Helper()
	f, err := os.Open(base + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("%s: %v", f.Name(), err)
	}
	svg, err := os.ReadFile(base + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(svg, []byte("4 measured")) {
		t.Errorf("%s.svg does not show 4 wells", base)
	}
}

// Images of one's own, one of them damaged: the rest is done, and what is missing is said.
func TestDemoOnDamagedImages(t *testing.T) {
	t.Parallel()
	o, s, out := small(t)
	made, err := synthetic.Write(t.Context(), o.out, o.synthetic)
	if err != nil {
		t.Fatal(err)
	}
	images, err := filepath.Glob(filepath.Join(made.Folders[0], "*_B03_s1_w2*.tif"))
	if err != nil || len(images) != 1 {
		t.Fatalf("images: %v, %v", images, err)
	}
	if err := os.Truncate(images[0], 60); err != nil {
		t.Fatal(err)
	}
	o.images = o.out
	if o.bootstrap != "" {
		o.prefix = brokertest.UniqueName(t, "demo") + "-"
		t.Cleanup(func() { deletePrefix(t, o.bootstrap, o.prefix) })
	}
	err = demo(t.Context(), o, s)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"1 of 16 sites have no features", "plate experiment-1/plate-1 has 3 of 4 wells", "1 images were left out"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
	wants(t, out, "15 complete of 16", "incomplete: experiment-1/plate-1/B03/1: channels [2] are missing", "7 complete of 8", "1 complete of 2",
		"truncated", "topic="+o.prefix+"images_channels", "partition=", "offset=", "measure")
}

// The vendor's thumbnails are left out, and what one calls the plate counts.
func TestDemoOnRealImages(t *testing.T) {
	t.Parallel()
	dir := cells.Dir(t)
	o, s, out := small(t)
	o.images, o.experiment, o.plate = filepath.Join(dir, "images", "imagexpress_Projection-Mix"), "faim", "Projection-Mix"
	if o.bootstrap != "" {
		o.prefix = brokertest.UniqueName(t, "demo") + "-"
		t.Cleanup(func() { deletePrefix(t, o.bootstrap, o.prefix) })
	}
	if err := demo(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	wants(t, out, "12 images (12 thumbnails", "12 measured", "4 complete of 4", "2 complete of 2", "1 complete of 1", "6 files")
}

// Told to stop, the demo stops, with its worker, and takes away what it has made.
func TestDemoIsStopped(t *testing.T) {
	t.Parallel()
	o, s, out := small(t)
	o.prefix = brokertest.UniqueName(t, "stopped") + "-"
	o.idle = time.Hour // so that it waits for ever for the late images
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- demo(ctx, o, s) }()
	deadline := time.After(longest)
	for !strings.Contains(out.String(), "sites 14/16") {
		select {
		case err := <-done:
			t.Fatalf("ended too early: %v", err)
		case <-deadline:
			t.Fatal("the demo does not get there")
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "stopped before the end") {
			t.Errorf("error %v, want that it was stopped", err)
		}
	case <-deadline:
		t.Fatal("the demo does not stop")
	}
	wants(t, out, "14 complete of 16")
	if o.bootstrap == "" {
		return
	}
	// A broker lists a topic for a moment after it has been deleted.
	for {
		left := slices.DeleteFunc(topicNames(t, o.bootstrap), func(name string) bool { return !strings.Contains(name, o.prefix) })
		if len(left) == 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("topics are left behind: %v", left)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Without a broker the demo says so.
func TestNoBroker(t *testing.T) {
	t.Parallel()
	o, s, _ := small(t)
	o.bootstrap = "127.0.0.1:1"
	if err := demo(t.Context(), o, s); err == nil || !strings.Contains(err.Error(), "is there a broker at 127.0.0.1:1?") {
		t.Errorf("error %v", err)
	}
}

// A prefix that cannot be is not blamed on the broker.
func TestBadPrefix(t *testing.T) {
	t.Parallel()
	o, s, _ := small(t)
	o.prefix = "a b/"
	err := demo(t.Context(), o, s)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"topic a b/", "images_channels was not made: INVALID_TOPIC_EXCEPTION", "correct -prefix"} { // what lies between is the demo's
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
}

func topicNames(t *testing.T, bootstrap string) []string {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	all, err := kadm.NewClient(cl).ListTopics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return all.Names()
}

func deletePrefix(t *testing.T, bootstrap, prefix string) {
	t.Helper()
	names := slices.DeleteFunc(topicNames(t, bootstrap), func(name string) bool { return !strings.Contains(name, prefix) })
	brokertest.DeleteTopics(t, bootstrap, names...)
}
