/* i18n.h - words for people are translated; N_() marks those in tables */
#ifndef TOCSIN_I18N_H
#define TOCSIN_I18N_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text)

#endif
