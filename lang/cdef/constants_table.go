package cdef

var constants = [...]constant{}
