package runtime

import (
	"bytes"
	"strings"
	"testing"
)

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, {0}, []byte("\xff\x00binary"), bytes.Repeat([]byte{7}, 3039)} {
		s, err := encodeCheckpoint("task", b)
		if err != nil {
			t.Fatal(err)
		}
		id := "AAAAAAAAAAAAAAAAAAAAAA"
		m := metadata(s, id)
		if len(m) > 4096 {
			t.Errorf("%d bytes take %d characters", len(b), len(m))
		}
		s, of := splitMetadata(m)
		if of != id {
			t.Errorf("the topic %s became %s", id, of)
		}
		if got, err := decodeCheckpoint(s); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%x became %x (%v)", b, got, err)
		}
	}
	if _, err := encodeCheckpoint("in/0", make([]byte, 3040)); err == nil || !strings.Contains(err.Error(), "in/0") || !strings.Contains(err.Error(), "Repartition") {
		t.Errorf("more than a broker takes: %v", err)
	}
	for _, foreign := range []string{"", "reset by kafka-consumer-groups", "m2:AAAA"} {
		if got, err := decodeCheckpoint(foreign); got != nil || err != nil {
			t.Errorf("%q became %x (%v)", foreign, got, err)
		}
	}
	if _, err := decodeCheckpoint("m1:***"); err == nil {
		t.Error("damaged metadata are taken")
	}
}
