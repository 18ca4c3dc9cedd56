//! Options that travel by name: an enum whose variants have the names that the documentation uses.

/// Defines an enum with `name`, and `from_name` which refuses other names with a list of the valid ones.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $Type:ident for $argument:literal {
            $(#[$first_meta:meta])* $First:ident = $first:literal,
            $($(#[$variant_meta:meta])* $Variant:ident = $name:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Type {
            $(#[$first_meta])* $First,
            $($(#[$variant_meta])* $Variant,)*
        }

        impl $Type {
            /// The name that stands for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    Self::$First => $first,
                    $(Self::$Variant => $name,)*
                }
            }

            /// What a name stands for.
            ///
            /// # Errors
            /// [`Error::UnknownName`](crate::Error::UnknownName), which lists the valid names.
            pub fn from_name(name: &str) -> $crate::Result<Self> {
                match name {
                    $first => Ok(Self::$First),
                    $($name => Ok(Self::$Variant),)*
                    _ => Err($crate::Error::UnknownName {
                        argument: $argument,
                        valid: concat!("'", $first, "'" $(, ", '", $name, "'")*),
                        value: name.to_owned(),
                    }),
                }
            }
        }
    };
}
pub(crate) use named;
