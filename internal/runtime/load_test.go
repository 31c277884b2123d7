package runtime

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/transport"
)

// told is a DB that notes what it is told of loads.
type told struct {
	db.DB
	loads []bool
}

func (d *told) Load(on bool) error {
	d.loads = append(d.loads, on)
	return nil
}

// atEnd is a client whose partitions end where their readers begin to read.
type atEnd struct{ *cluster }

func (c atEnd) NewFetcher(transport.FetcherConfig) (transport.Fetcher, error) {
	return &ended{end: c.end}, nil
}

type ended struct {
	transport.Fetcher
	ps  []transport.Position
	end int64
}

func (f *ended) Assign(ps []transport.Position) error {
	f.ps = ps
	return nil
}

func (f *ended) Poll(time.Duration) (list []transport.Batch, err error) {
	for _, p := range f.ps {
		list = append(list, transport.Batch{Partition: p.Partition, End: true, Next: f.end})
	}
	return list, nil
}

func (*ended) Close() error { return nil }

// TestLoad: a store is told of a long restore, at its start and at its end, and not of a short one.
func TestLoad(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		end  int64
		want []bool
	}{{loadWorthwhile - 1, nil}, {loadWorthwhile, []bool{true, false}}} {
		t.Run(fmt.Sprint(test.end), func(t *testing.T) {
			t.Parallel()
			r, _ := counting(t, &cluster{end: test.end})
			r.cfg.Client = atEnd{&cluster{end: test.end}}
			task, err := r.build(t.Context(), r.ids[0], 0)
			if err != nil {
				t.Fatal(err)
			}
			d := &told{}
			task.disk, task.stamp = d, 1
			if err := r.restore(t.Context(), task); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, d.loads); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}
