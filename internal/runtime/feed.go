package runtime

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// feed gives batches to their tasks. Where there are none is the time for the disks: otherwise what was committed last would
// wait for the next commit, and be replayed after a crash however long ago it was.
func (w *worker) feed(batches []transport.Batch) error {
	if len(batches) == 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	for i := range batches {
		b := &batches[i]
		s := w.sources[b.Partition]
		if s == nil {
			continue
		}
		if n := len(b.Records); n > 0 {
			if first := b.Records[0].Offset; first < s.fetched {
				return fmt.Errorf("runtime: topic %s, partition %d: offset %d came after %d: the topic was made anew, or lost its end, while it was read: "+
					"stop the application, reset its offsets of the topic, and start it again", b.Topic, b.Index, first, s.fetched-1)
			}
			s.fetched, s.ended = b.Records[n-1].Offset+1, false
			r := &b.Records[0]
			s.bytes += (len(r.Key) + len(r.Value) - s.bytes) / 2
			s.t.engine.Add(s.topic, b.Records...)
		}
		if b.End {
			s.fetched, s.ended = max(s.fetched, b.Next), true
		}
		s.expect()
	}
	if w.wakeUp(time.Now()) {
		return w.assign()
	}
	return w.flow()
}

// flow pauses the sources that run ahead of those that their task waits for, and resumes them with room to spare:
// librdkafka drops what it has read ahead of a partition that is paused.
func (w *worker) flow() error {
	var pause, resume []transport.Partition
	for p, s := range w.sources {
		if s.alone {
			continue
		}
		n := s.t.engine.Buffered(s.topic)
		switch {
		case !s.paused && (n > maxWaiting || n*s.bytes > maxWaitingBytes):
			s.paused = true
			pause = append(pause, p)
		case s.paused && n < maxWaiting/4 && n*s.bytes < maxWaitingBytes/4:
			s.paused = false
			resume = append(resume, p)
		}
	}
	if len(pause) > 0 {
		if err := w.fetcher.Pause(pause); err != nil {
			return err
		}
	}
	if len(resume) > 0 {
		return w.fetcher.Resume(resume)
	}
	return nil
}
