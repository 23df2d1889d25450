// Package pcap writes packets to files in the format of pcap, which tcpdump and wireshark read.
//
// It must not import anything of gtrace: it is told what to write. Errors name the file.
package pcap
