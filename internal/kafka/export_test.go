package kafka

import (
	"context"

	"github.com/millrace-go/millrace/internal/transport"
)

// SendOffsets is the first half of a commit.
func SendOffsets(ctx context.Context, p transport.Producer, ps []transport.Position, g transport.Generation) error {
	return p.(*producer).sendOffsets(ctx, ps, g)
}
