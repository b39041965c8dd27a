/* cppcheck.h - what cppcheck has to know of headers that it does not read */
#define F_OFD_SETLK 37
#define F_OFD_GETLK 36
#define HASH_ITER(hh, head, el, tmp) for ((el) = (head), (tmp) = (el); (el); (el) = (tmp))
