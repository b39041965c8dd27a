dnl TOCSIN_MISSING(WHAT, DEBIAN, FEDORA, ALPINE, HOMEBREW): remember one missing dependency.
AC_DEFUN([TOCSIN_MISSING], [
  tocsin_missing="$tocsin_missing
  $1
      Debian, Ubuntu: apt install $2
      Fedora:         dnf install $3
      Alpine:         apk add $4
      Homebrew:       brew install $5"
])

dnl TOCSIN_PC(PREFIX, MODULE, DEBIAN, FEDORA, ALPINE, HOMEBREW): a required pkg-config module.
AC_DEFUN([TOCSIN_PC], [
  PKG_CHECK_MODULES([$1], [$2], [], [TOCSIN_MISSING([$2], [$3], [$4], [$5], [$6])])
])

dnl TOCSIN_LIB(PREFIX, HEADER, LIBRARY, FUNCTION, DEBIAN, FEDORA, ALPINE, HOMEBREW, OTHER-LIBS):
dnl a required library that ships no pkg-config file everywhere.
AC_DEFUN([TOCSIN_LIB], [
  tocsin_found=no
  AC_CHECK_HEADER([$2], [AC_CHECK_LIB([$3], [$4],
    [tocsin_found=yes; $1_LIBS="-l$3"; $1_CFLAGS=""], [], [$9])])
  AS_IF([test $tocsin_found = no], [TOCSIN_MISSING([$2 and lib$3], [$5], [$6], [$7], [$8])])
  AC_SUBST([$1_LIBS])
  AC_SUBST([$1_CFLAGS])
])

dnl TOCSIN_HEADER(HEADER, DEBIAN, FEDORA, ALPINE, HOMEBREW): a required header-only library.
AC_DEFUN([TOCSIN_HEADER], [
  AC_CHECK_HEADER([$1], [], [TOCSIN_MISSING([$1], [$2], [$3], [$4], [$5])])
])

dnl TOCSIN_REPORT_MISSING: stop once, with the whole list.
AC_DEFUN([TOCSIN_REPORT_MISSING], [
  AS_IF([test -n "$tocsin_missing"], [AC_MSG_ERROR([these are needed and were not found:
$tocsin_missing

./quickstart installs them for you.])])
])
