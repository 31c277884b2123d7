package chaos

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/testkit"
)

// output is what came out for each key of each topic, in order.
type output map[string][]string

func (o output) add(topic, id string, value []byte) {
	key := fmt.Sprintf("%s %q", topic, id)
	text := "null"
	if value != nil {
		text = fmt.Sprintf("%q", value)
	}
	o[key] = append(o[key], text)
}

func (o output) count() (n int) {
	for _, values := range o {
		n += len(values)
	}
	return n
}

// undisturbed is the output of the job in memory, one record after the other. What comes out for one key does not depend on
// how records of others come in between.
func (j *job) undisturbed(t *testing.T) output {
	t.Helper()
	topo, err := j.draw("undisturbed", j.names())
	if err != nil {
		t.Fatal(err)
	}
	d := testkit.New(t, topo, testkit.Once(), testkit.CommitEvery(500))
	for _, r := range j.before {
		d.PipeBytes(j.topics[1].Name, r.Key, r.Value, r.Timestamp.UnixMilli())
	}
	for _, r := range j.records {
		d.PipeBytes(j.topics[0].Name, r.Key, r.Value, r.Timestamp.UnixMilli())
	}
	d.Commit()
	want := output{}
	for _, p := range d.Produced() {
		if slices.Contains(j.outs(), p.Topic) {
			want.add(p.Topic, j.identity(brokertest.Record{Key: p.Key, Value: p.Value}), p.Value)
		}
	}
	return want
}

// check compares what is in the output topics with what an undisturbed run gives: nothing is missing, doubled or out of
// its order.
func (j *job) check(t *testing.T, bootstrap string, want output) {
	t.Helper()
	got, places := output{}, output{}
	for _, topic := range j.outs() {
		for _, r := range brokertest.All(t, bootstrap, topic) {
			got.add(topic, j.identity(r), r.Value)
			places.add(topic, j.identity(r), fmt.Appendf(nil, "%d/%d", r.Partition, r.Offset))
		}
	}
	keys := maps.Clone(want)
	maps.Copy(keys, got)
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Equal(want[key], got[key]) {
			wrong = append(wrong, fmt.Sprintf("%s:\n\twant %v\n\tgot  %v\n\tat   %v", key, want[key], got[key], places[key]))
		}
	}
	if len(wrong) > 0 {
		path := filepath.Join(t.ArtifactDir(), "wrong.txt")
		if err := os.WriteFile(path, []byte(strings.Join(wrong, "\n")), 0o600); err != nil {
			t.Log(err)
		}
		t.Errorf("%d of %d keys are wrong, all of them in %s:\n%s", len(wrong), len(keys), path, strings.Join(wrong[:min(5, len(wrong))], "\n"))
	}
	t.Logf("%d records of %d keys came out, %d are wanted", got.count(), len(got), want.count())
}
