package pipeline

import (
	"errors"
	"slices"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// openSite is a site that is not complete.
type openSite struct {
	Position
	Channels []int `msgpack:"channels"`
	Missing  []int `msgpack:"missing,omitempty"`
	Known    bool  `msgpack:"known,omitempty"`

	Told    bool `msgpack:"told,omitempty"`    // a report of it is out
	Current bool `msgpack:"current,omitempty"` // and says what is so
}

// openPlate is a plate of which images came lately.
type openPlate struct {
	Last  int64 `msgpack:"last"`            // by the wall clock
	Quiet bool  `msgpack:"quiet,omitempty"` // and its open sites have been reported since
}

// watch reports the sites of a plate that are incomplete when no image of the
// plate has come for a time, and takes a report back, with a null, when its site
// is complete after all. It sees sites with and without their metadata, or one
// whose metadata never comes would not be noticed.
//
// The plate is what goes quiet, not the site: images come in any order, so a
// site may wait long for its turn while its plate is being imaged. What counts
// are the images in the task's partition, where some of the plate's sites are.
func watch(progress *stream.Stream[window.Key[SiteID], Progress], idle time.Duration) *stream.Stream[SiteID, Incomplete] {
	sites, plates := state.KeyValue[SiteID, openSite]("sites-open"), state.KeyValue[PlateID, openPlate]("plates-open")
	return progress.Process(func(c *stream.Context[SiteID, Incomplete]) (func(stream.Record[window.Key[SiteID], Progress]) error, error) {
		w := watcher{Context: c}
		var err error
		if w.sites, err = sites.Open(c); err != nil {
			return nil, err
		}
		if w.plates, err = plates.Open(c); err != nil {
			return nil, err
		}
		c.Every(max(idle/4, time.Millisecond), func(now int64) error { return w.look(now - idle.Milliseconds()) })
		c.EveryStreamTime(forgetEvery, func(int64) error {
			now, err := newest(w.plates)
			return errors.Join(err, forget(w.sites, now), forget(w.plates, now))
		})
		return w.observe, nil
	}, topology.As("watch"), topology.WithStores(sites, plates))
}

type watcher struct {
	*stream.Context[SiteID, Incomplete]
	sites  *state.KeyValueStore[SiteID, openSite]
	plates *state.KeyValueStore[PlateID, openPlate]
}

func (w *watcher) observe(r stream.Record[window.Key[SiteID], Progress]) error {
	if r.Null { // the session has grown into another
		return nil
	}
	if err := w.plates.PutAt(r.Value.PlateID(), openPlate{Last: w.WallTime()}, r.Key.End); err != nil {
		return err
	}
	before, open, err := w.sites.Get(r.Key.Key)
	if err != nil {
		return err
	}
	if r.Value.Complete() {
		if !open {
			return nil
		}
		if err := w.sites.Delete(r.Key.Key); err != nil || !before.Told {
			return err
		}
		return w.Forward(stream.Record[SiteID, Incomplete]{Key: r.Key.Key, Null: true, Timestamp: r.Key.End})
	}
	now := r.Value.open()
	if same := slices.Equal(now.Channels, before.Channels); same && (!now.Known || before.Known && slices.Equal(now.Missing, before.Missing)) {
		return nil // a duplicate, or what was seen with its metadata already
	}
	now.Told = before.Told
	return w.sites.PutAt(r.Key.Key, now, r.Key.End)
}

// look reports the open sites of the plates that have been quiet since then.
func (w *watcher) look(then int64) error {
	for row, err := range w.plates.All() {
		if err != nil {
			return err
		}
		if row.Value.Quiet || row.Value.Last > then {
			continue
		}
		for site, err := range w.sites.Prefix([]byte(row.Key + "/")) {
			if err != nil {
				return err
			}
			if err := w.tell(site); err != nil {
				return err
			}
		}
		row.Value.Quiet = true
		if err := w.plates.PutAt(row.Key, row.Value, row.Timestamp); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) tell(site state.Row[SiteID, openSite]) error {
	s := site.Value
	if s.Current {
		return nil
	}
	s.Told, s.Current = true, true
	if err := w.sites.PutAt(site.Key, s, site.Timestamp); err != nil {
		return err
	}
	report := Incomplete{Position: s.Position, Channels: s.Channels, Missing: s.Missing, Unknown: !s.Known}
	return w.Forward(stream.Record[SiteID, Incomplete]{Key: site.Key, Value: report, Timestamp: site.Timestamp})
}
