package pipeline

import (
	"time"

	"github.com/millrace-go/millrace/state"
)

// forgetEvery is how often, in stream time, stores are searched for what is over.
const forgetEvery = time.Hour

// newest is the latest time in a store. It is what tells that a run is over, and
// not the time of the stream, which moves with the metadata after a join: that
// may be written at any time.
func newest[K, V any](rows *state.KeyValueStore[K, V]) (int64, error) {
	var latest int64
	for row, err := range rows.All() {
		if err != nil {
			return 0, err
		}
		latest = max(latest, row.Timestamp)
	}
	return latest, nil
}

// forget deletes the rows of runs that are over at a time: nothing can complete
// them any more.
func forget[K, V any](rows *state.KeyValueStore[K, V], now int64) error {
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		if row.Timestamp >= now-(gap+grace).Milliseconds() {
			continue
		}
		if err := rows.Delete(row.Key); err != nil {
			return err
		}
	}
	return nil
}
