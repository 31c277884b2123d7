package store

import (
	"encoding/binary"
	"fmt"
)

// The item of a window is its start, then the key. A row's key is segment, key and start.

func windowItem(s *core, key string) string {
	head := len(s.prefix) + 8
	return key[len(key)-8:] + key[head:len(key)-8]
}

func windowItems(s *core, e *entry, put func(item []byte) error) error {
	return put([]byte(windowItem(s, e.key)))
}

// windowOf is the row's key that an item stands for.
func windowOf(s *core, interval int64, item []byte) []byte {
	kb := binary.BigEndian.AppendUint64(s.start(), uint64(timeOf(item)/interval))
	kb = append(append(kb, item[8:]...), item[:8]...)
	s.kb = kb
	return kb
}

// sessionItem is an item of a session. Among sessions with one end, a store on disk goes by the start, one in memory by the key:
// as Kafka Streams' two kinds.
func sessionItem(key string, start, end int64, byKey bool) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16+len(key)), uint64(end))
	if byKey {
		return string(binary.BigEndian.AppendUint64(append(b, key...), uint64(start)))
	}
	return string(append(binary.BigEndian.AppendUint64(b, uint64(start)), key...))
}

// sessionOf is what an item of a session says.
func sessionOf(s *core, item []byte, byKey bool) (key []byte, start, end int64, err error) {
	if len(item) < 16 {
		return nil, 0, 0, s.damaged(fmt.Errorf("item %x of its index is too short for a session", item))
	}
	end, key = timeOf(item), item[16:]
	at := item[8:16]
	if byKey {
		key, at = item[8:len(item)-8], item[len(item)-8:]
	}
	return key, int64(binary.BigEndian.Uint64(at)), end, nil
}

// sessionItems are the items of all sessions in a row.
func sessionItems(byKey bool) itemsOf {
	return func(s *core, e *entry, put func(item []byte) error) error {
		return bounds(e.row[8:], func(start, end int64) error {
			return put([]byte(sessionItem(e.key[len(s.prefix):], start, end, byKey)))
		})
	}
}

// bounds reads the bounds of the sessions in a row and leaves their aggregates alone.
func bounds(src []byte, f func(start, end int64) error) error {
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)) {
		return errSpans
	}
	src = src[w:]
	for range n {
		start, length, size, rest := spanHead(src)
		if rest == nil {
			return errSpans
		}
		if err := f(start, start+length); err != nil {
			return err
		}
		src = rest[size:]
	}
	return nil
}

// spanHead reads what stands before a session's aggregate, of size bytes; rest begins with that, and is nil if src is damaged.
func spanHead(src []byte) (start, length, size int64, rest []byte) {
	start, w := binary.Varint(src)
	if w <= 0 {
		return 0, 0, 0, nil
	}
	l, w2 := binary.Uvarint(src[w:])
	if w2 <= 0 || len(src)-w-w2 < 4 {
		return 0, 0, 0, nil
	}
	src = src[w+w2:]
	n := binary.BigEndian.Uint32(src)
	if uint64(n) > uint64(len(src)-4) {
		return 0, 0, 0, nil
	}
	return start, int64(l), int64(n), src[4:]
}
