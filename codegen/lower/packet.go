package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// efault is what a program gets for bytes that a packet does not have (EFAULT).
	efault = 14
	// maxPacket is the largest number of bytes of a packet that fit into a record, whose size has 16 bits.
	maxPacket = 1<<16 - 64
	// currentCPU is the index of the running CPU's buffer (BPF_F_CURRENT_CPU); the number of bytes is in the high half.
	currentCPU = 1<<32 - 1
	// defaultPacketPages is the size of a CPU's buffer for packets where the script does not say it: room for four of the largest,
	// and no more than the kernel lets anyone lock.
	defaultPacketPages = 64
	// maxPacketPages keeps the buffers of a large machine within its memory.
	maxPacketPages = 1 << 14
)

// packetPages is the size of a CPU's buffer for packets.
func packetPages(config int) int {
	if config == 0 {
		return defaultPacketPages
	}
	return min(max(config, defaultPacketPages/2), maxPacketPages)
}

// Packet sends length bytes of a packet and returns what the helper does: a packet that is shorter than that is not sent.
func (f *fn) Packet(p stdlib.Packet, skb, length *ir.Value) *ir.Value {
	if skb.Op == ir.OpLoad { // of the context, as whoever asks has made sure
		skb.Type = ir.Ptr
	}
	e := object.Event{Kind: object.EventPacket, Format: p.File, Skip: p.Skip, Place: f.module.place(f.span())}
	ret := f.b.NewVariable(ir.I64)
	f.b.Define(ret, f.b.Const(-efault))
	packet, long, done := f.b.NewBlock("packet"), f.b.NewBlock("long_enough"), f.b.NewBlock("packet_sent")
	f.b.Branch(skb, packet, done)
	f.enter(packet)
	size := f.packetSize(skb)
	f.b.Branch(f.b.Binary(ir.OpULe, length, size), long, done)
	f.enter(long)
	n := f.atMost(f.atMost(f.b.AddImm(length, int64(p.Skip)), size), f.b.Const(maxPacket))
	f.b.Define(ret, f.outputPacket(f.eventID(e), skb, n, size))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(ret)
}

// packetSize is the number of bytes of a packet.
func (f *fn) packetSize(skb *ir.Value) *ir.Value {
	t, err := f.info.Kernel("struct", "sk_buff")
	if err != nil {
		f.Refuse(fmt.Sprintf("skboutput: %v", err))
		return f.b.Const(0)
	}
	at, ok := f.memberOf(stdlib.Value{V: skb, Type: types.Pointer{Elem: t, Space: types.SpaceKernel, Trusted: true}}, "len")
	if !ok {
		f.Refuse("skboutput: this kernel's struct sk_buff has no field len")
		return f.b.Const(0)
	}
	return f.load(at.place, types.Uint32).V
}

// outputPacket sends n of a packet's size bytes behind a head that says what they are, and counts those that find no room.
func (f *fn) outputPacket(id int, skb, n, size *ir.Value) *ir.Value {
	head := f.Temp("packet", object.PacketHeader, 8)
	f.b.Store(head, object.PacketEvent, 4, f.b.Const(int64(id)))
	f.b.Store(head, object.PacketSize, 4, n)
	f.b.Store(head, object.PacketWire, 8, size)
	f.b.Store(head, object.PacketTime, 8, f.b.Call(ir.HelperKtimeGetBootNs))
	flags := f.b.Binary(ir.OpOr, f.b.Binary(ir.OpShl, n, f.b.Const(32)), f.b.Const(currentCPU))
	ret := f.b.Call(ir.HelperSkbOutput, skb, f.b.MapPtr(object.PacketsMap), flags, head, f.b.Const(object.PacketHeader))
	full, done := f.b.NewBlock("packet_lost"), f.b.NewBlock("packet_done")
	f.b.Branch(ret, full, done)
	f.enter(full)
	f.countLost(object.LostEvents)
	if f.opts.DebugHelpers {
		f.helperError(ir.HelperSkbOutput, ret)
	}
	f.b.Jump(done)
	f.enter(done)
	return ret
}

// atMost returns the smaller of two numbers.
func (f *fn) atMost(n, limit *ir.Value) *ir.Value {
	out := f.b.NewVariable(ir.I64)
	over, done := f.b.NewBlock("over"), f.b.NewBlock("at_most")
	f.b.Define(out, n)
	f.b.Branch(f.b.Binary(ir.OpULe, n, limit), done, over)
	f.enter(over)
	f.b.Define(out, limit)
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(out)
}
